"""The eight scripted doctors of known grade."""

from dialogue_sim.roles.scripted.doctor import ScriptedDoctor as ScriptedDoctor
from dialogue_sim.roles.scripted.doctor import lines as lines
from dialogue_sim.roles.scripted.grades import GRADES as GRADES
from dialogue_sim.roles.scripted.grades import LADDER as LADDER
