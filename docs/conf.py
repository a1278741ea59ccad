"""The documentation site: the repository's own Markdown, under the paths it has in the repository.

    sphinx-build -W -c docs . build/site

The source is the repository's root, so that a link which works in the repository works on the site, and
`-W` fails on the one that does not.
"""

project = "dialogue_sim"
extensions = ["myst_parser"]
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["*.md", "docs/*.md", "docs/**/*.md", "examples/*.md", "examples/**/*.md"]
exclude_patterns = ["**/.*", "build/**", "dist/**", "runs/**"]
html_theme = "furo"
html_title = "dialogue_sim"
html_show_copyright = False
myst_heading_anchors = 4
# The walk shows a terminal, whose text is in no language that could be highlighted.
highlight_language = "none"
