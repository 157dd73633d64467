"""The web app: pages of studios, of the house's operators and of partners, rendered on the server.

A page is a function of a visit that gives a `Page`: a template with facts, and the same facts as
JSON and CSV. It reads with no script; with one, sizes follow what is typed.
"""

from fullhouse.web.site import web_app

__all__ = ["web_app"]
