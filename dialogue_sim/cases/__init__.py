"""Cases: what a case file holds, and loading it. This room knows nobody else."""

from dialogue_sim.cases.load import CaseError as CaseError
from dialogue_sim.cases.load import content_hash as content_hash
from dialogue_sim.cases.load import json_schema as json_schema
from dialogue_sim.cases.load import load_case as load_case
from dialogue_sim.cases.load import load_cases as load_cases
from dialogue_sim.cases.model import Case as Case
from dialogue_sim.cases.model import Fact as Fact
from dialogue_sim.cases.model import Persona as Persona
from dialogue_sim.cases.views import DoctorView as DoctorView
from dialogue_sim.cases.views import ExaminerView as ExaminerView
from dialogue_sim.cases.views import PatientView as PatientView
from dialogue_sim.cases.views import doctor_view as doctor_view
from dialogue_sim.cases.views import examiner_view as examiner_view
from dialogue_sim.cases.views import guarded_terms as guarded_terms
from dialogue_sim.cases.views import patient_view as patient_view
