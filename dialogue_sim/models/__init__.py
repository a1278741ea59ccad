"""Models: anything that answers messages, named by one string.

    openai:MODEL       a server that speaks OpenAI's chat completions
    vllm:MODEL         vLLM inside this process
    vllm-serve:MODEL   a vLLM server, started and stopped here
    embedded[:NAME]    llama.cpp inside this process
    python:module:obj  a Python function or object
    replay:RUN         the replies of an earlier run
    human              a person at the terminal

Importing this package loads no engine and no client; `open_model` loads the one that it opens.
"""

from dialogue_sim.models.base import ChatModel, Message, Options, Reply, Role, Usage
from dialogue_sim.models.registry import SCHEMES, Spec, open_model, parse_spec
from dialogue_sim.models.settings import ModelSettings, Price

__all__ = [
    "SCHEMES",
    "ChatModel",
    "Message",
    "ModelSettings",
    "Options",
    "Price",
    "Reply",
    "Role",
    "Spec",
    "Usage",
    "open_model",
    "parse_spec",
]
