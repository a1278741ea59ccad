"""The local web application: look at runs, be the doctor in a chat, mark consultations.

chats       what a person's consultation is, kept on disk; used by the terminal too, needs no server
markings    what raters decided, kept on disk
gallery     the runs in a folder and where each stands
doorway     who may come in: host names, token, same-site posts, headers
site        the pages' frame: language, templates, forms
*_pages     the handlers, one module a room
app, server put together and served
"""
