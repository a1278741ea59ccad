"""The standardized patient: decides what a doctor's turn asks for, then says only that."""

from dialogue_sim.roles.patient.contract import Patient as Patient
from dialogue_sim.roles.patient.contract import PatientReply as PatientReply
from dialogue_sim.roles.patient.contract import PatientSettings as PatientSettings
from dialogue_sim.roles.patient.patient import open_patient as open_patient
