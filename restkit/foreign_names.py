"""Names with a meaning in other frameworks, which resources and Apps reject.

SECURITY: if ``decorators = [login_required]`` were ignored, the class would be public.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["APP_MEMBERS", "HTTP_METHODS", "RESOURCE_MEMBERS", "TEMPLATE_NAMES", "UNKNOWN_VERBS"]

_MIDDLEWARE = "Write middleware = [...], functions of (request, proceed)."
_SECURITY = "Write security = [scheme]; a security scheme's authenticate() raises Forbidden."
_PERMISSION = (
    "Write security = [scheme], and permission = role('editor') or a function of the caller."
)
_ERRORS = "Write problem_handlers = {KeyError: handler}."
_LIMITS = "Write limits = [Rate(10, per='minute')], see restkit.limits."
_SCHEMA = "Write schema = BookSchema, a marshmallow schema."
_RETURNS = "Declare the response with @returns(Schema, status=...) on the method."
_TAKES = "Declare the inputs with @takes(body=, query=, headers=, form=, files=) on the method."
_MEDIA_TYPES = "Register a media type with app.media.register(Handler(...))."
_MODEL = "Subclass restkit.crud.CRUDResource and write model = Book."
_SCOPE = "Override scope() of a CRUDResource, which narrows every action."
_KEY = "Write key = 'slug', the attribute that names an item in its URL."
_FILTERS = "Write filters = ('author', 'year__gte') on a CRUDResource."
_SORTS = "Write sorts = ('title', 'year') on a CRUDResource."
_PAGES = "Write page_size and max_page_size on a CRUDResource."
_CREATE = "Override create(item) of a CRUDResource."
_UPDATE = "Override update(item, values) and replace(item, values) of a CRUDResource."
_DELETE = "Override delete(item) of a CRUDResource."
_READ = "Override read(key) of a CRUDResource."
_LIST = "Override list(query) of a CRUDResource."
_URL = "Give the URL pattern where the class is mounted: app.add('/books', Books)."
_NAME = "Give the name where the class is mounted: app.add('/books', Books, name='books')."
_VERB = "Write a method for each verb: get, post, put, patch, delete, query."
_WRAP = (
    "Write middleware = [...], functions of (request, proceed), or decorate each method; "
    "credentials are checked by security = [scheme]."
)
_DEPENDENCIES = "Write session = provide(factory) in the class."
_DOCUMENT = "Describe the operation with a docstring, @operation(...), @takes and @returns."
_DEPRECATED = "Write @deprecated(since='2026-12-01') on the class or the method."
_NEXT = "Nothing is needed in its place."

RESOURCE_MEMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Flask and Flask-RESTful
        "decorators": _WRAP,
        "method_decorators": _WRAP,
        "init_every_request": "Every request has an instance of its own. " + _NEXT,
        "provide_automatic_options": "restkit responds to OPTIONS on every URL. " + _NEXT,
        "dispatch_request": _VERB,
        "as_view": _URL,
        "view_functions": _VERB,
        "representations": _MEDIA_TYPES,
        "endpoint": _NAME,
        "before_request": _MIDDLEWARE,
        "after_request": _MIDDLEWARE,
        "teardown_request": "Write a generator factory for provide(); close after its yield.",
        "errorhandler": _ERRORS,
        "error_handlers": _ERRORS,
        "exception_handlers": _ERRORS,
        "response_schema": _SCHEMA,
        "schemas": "Write schema = Schemas(BookSchema, list=..., create=..., update=...).",
        "schema_class": _SCHEMA,
        # Django and Django REST framework
        "authentication_classes": _SECURITY,
        "permission_classes": _PERMISSION,
        "permissions": _PERMISSION,
        "permission_required": _PERMISSION,
        "login_required": _SECURITY,
        "login_url": _SECURITY,
        "throttle_classes": _LIMITS,
        "throttle_scope": _LIMITS,
        "renderer_classes": _MEDIA_TYPES,
        "parser_classes": _MEDIA_TYPES,
        "content_negotiation_class": _MEDIA_TYPES,
        "versioning_class": "Mount one App for each version: app.mount('/v1', first).",
        "metadata_class": _DOCUMENT,
        "swagger_schema": _DOCUMENT,
        "serializer_class": _SCHEMA,
        "serializer": _SCHEMA,
        "queryset": _MODEL,
        "model_class": _MODEL,
        "lookup_field": _KEY,
        "lookup_url_kwarg": _KEY,
        "lookup_value_regex": "Write a converter in the URL pattern: /books/<int:id>.",
        "filterset_fields": _FILTERS,
        "filterset_class": _FILTERS,
        "filter_fields": _FILTERS,
        "filter_backends": _FILTERS,
        "search_fields": "Write filters = ('title__contains',) on a CRUDResource.",
        "ordering_fields": _SORTS,
        "ordering": "Write order = ('-year',) on a CRUDResource.",
        "pagination_class": _PAGES,
        "paginate_by": _PAGES,
        "http_method_names": "Write methods = ('get', 'post').",
        "allowed_methods": "Write methods = ('get', 'post').",
        "basename": _NAME,
        "get_queryset": _SCOPE,
        "filter_queryset": _SCOPE,
        "paginate_queryset": _PAGES,
        "get_object": _READ,
        "get_serializer": _SCHEMA,
        "get_serializer_class": _SCHEMA,
        "get_serializer_context": _SCHEMA,
        "get_permissions": _PERMISSION,
        "get_authenticators": _SECURITY,
        "get_throttles": _LIMITS,
        "check_permissions": _PERMISSION,
        "check_object_permissions": _SECURITY,
        "check_throttles": _LIMITS,
        "has_permission": _PERMISSION,
        "has_object_permission": _SECURITY,
        "perform_create": _CREATE,
        "perform_update": _UPDATE,
        "perform_destroy": _DELETE,
        "perform_delete": _DELETE,
        "perform_authentication": _SECURITY,
        "initialize_request": _MIDDLEWARE,
        "finalize_response": _MIDDLEWARE,
        "handle_exception": _ERRORS,
        "dispatch": _VERB,
        "http_method_not_allowed": "restkit responds with 405 to missing verbs. " + _NEXT,
        "form_class": "Declare the form with @takes(form=Schema) on the method.",
        "template": "Subclass restkit.html.HTMLResource, which renders templates.",
        "template_name": "Subclass restkit.html.HTMLResource and write template = 'book.html'.",
        "get_template_names": "Declare each template with @returns(template='book.html').",
        "get_context_data": "Override context() of an HTMLResource.",
        "extra_context": "Override context() of an HTMLResource.",
        # FastAPI, Starlette and Litestar
        "response_model": _RETURNS,
        "response_class": _RETURNS,
        "responses": _RETURNS,
        "status_code": _RETURNS,
        "return_dto": _SCHEMA,
        "dto": _SCHEMA,
        "guards": _SECURITY,
        "dependencies": _DEPENDENCIES,
        "before_response": _MIDDLEWARE,
        "route_handlers": _VERB,
        "url_prefix": _URL,
        "route": _URL,
        "routes": _URL,
        "operation_id": "Write @operation(operation_id='...') on the method.",
        "deprecated": _DEPRECATED,
        "include_in_schema": "Write documented = False.",
        "tag": "Write tags = ['Books'].",
        # Falcon
        "on_get": _VERB,
        "on_post": _VERB,
        "on_put": _VERB,
        "on_patch": _VERB,
        "on_delete": _VERB,
        "on_head": _VERB,
        "on_options": _VERB,
        # others
        "method": "Name the verb by the method: get, post, put, patch, delete, query.",
        "verbs": "Write methods = ('get', 'post').",
        "hooks": _MIDDLEWARE,
        "interceptors": _MIDDLEWARE,
        "auth": _SECURITY,
        "access": "Write @access(security=...) on a method, or security = scheme in the class.",
        "requires": _SECURITY,
        "authorize": _SECURITY,
        "decorator": _WRAP,
        "per_page": _PAGES,
        "raises": "Write @raises(NotFound) on the class or on a method.",
        "returns": _RETURNS,
        "takes": _TAKES,
        "authentication": _SECURITY,
        "auth_required": _SECURITY,
        "authenticators": _SECURITY,
        "body_schema": _TAKES,
        "query_schema": _TAKES,
        "request_schema": _TAKES,
        "headers_schema": _TAKES,
        "form_schema": _TAKES,
        "page_schema": _PAGES,
        "max_limit": _PAGES,
        "blueprint": "Mount an App: app.mount('/books', books_app).",
    }
)
"""Attributes and methods of resource classes in other frameworks, with restkit's equivalents."""

UNKNOWN_VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fetch": "get",
        "retrieve": "get",
        "read": "get",
        "show": "get",
        "index": "get",
        "list": "get",
        "create": "post",
        "store": "post",
        "insert": "post",
        "replace": "put",
        "update": "put or patch",
        "partial_update": "patch",
        "modify": "patch",
        "destroy": "delete",
        "remove": "delete",
    }
)
"""Methods of a plain Resource whose names describe a verb, with the verb that was meant."""

_WEBDAV = "restkit has no WebDAV; write a verb for the same purpose."
HTTP_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trace": "A response to TRACE would repeat credentials, so TRACE gets a 405.",
        "connect": "CONNECT is for proxies.",
        "purge": "Write a DELETE, or a POST that empties the cache.",
        "mkactivity": _WEBDAV,
        "mkcalendar": _WEBDAV,
        "mkcol": _WEBDAV,
        "mkredirectref": _WEBDAV,
        "mkworkspace": _WEBDAV,
        "orderpatch": _WEBDAV,
        "propfind": _WEBDAV,
        "proppatch": _WEBDAV,
        "rebind": _WEBDAV,
        "uncheckout": _WEBDAV,
        "updateredirectref": _WEBDAV,
    }
)
"""HTTP methods that restkit does not serve: the reason or the remedy.

Methods whose names are everyday words (SEARCH, COPY, MOVE, LINK, LOCK, MERGE, REPORT) are not among
them: ``def search`` is a helper.
"""

APP_MEMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "add_api_route": "Write @app.get('/...') or app.add('/...', Resource).",
        "add_exception_handler": "Write @app.problem_handler(KeyError).",
        "add_middleware": "Write @app.middleware, or app.middleware(function).",
        "add_resource": "Write app.add('/...', Resource): the URL pattern comes first.",
        "add_route": "Write app.add('/...', Resource).",
        "add_template_filter": "Write @templates.filter, with templates = Templates() installed.",
        "add_template_global": "Write templates.globals[name] = value of installed Templates.",
        "add_template_test": "Write @templates.test, with templates = Templates() installed.",
        "context_processor": "Write @templates.context_processor of installed Templates.",
        "jinja_env": "Read templates.environment of installed restkit.html.Templates.",
        "template_context_processors": "Write @templates.context_processor.",
        "template_filter": "Write @templates.filter, with templates = Templates() installed.",
        "template_folder": "Write app.install(Templates('pages')), from restkit.html.",
        "template_global": "Write templates.globals[name] = value of installed Templates.",
        "template_test": "Write @templates.test, with templates = Templates() installed.",
        "add_url_rule": "Write app.add('/...', Resource) or @app.get('/...').",
        "after_request": "Write @app.middleware, a function of (request, proceed).",
        "api_route": "Write @app.get('/...'), or app.add('/...', Resource).",
        "app_context": "restkit has no application context; use the App itself.",
        "before_request": "Write @app.middleware, a function of (request, proceed).",
        "cli": "Write @app.command above a function: restkit command TARGET NAME.",
        "before_first_request": "Write @app.on_start above a function.",
        "on_event": "Write @app.on_start, @app.on_stop or @app.lifespan above a function.",
        "add_event_handler": "Write app.on_start(function) or app.on_stop(function).",
        "config": "Read app.settings; own settings are a subclass of Settings.",
        "dependency_overrides": "Write `with app.override(factory, fake):` in the test.",
        "endpoint": "Write @app.get('/...', name='...').",
        "error_handler": "Write @app.problem_handler(KeyError).",
        "errorhandler": "Write @app.problem_handler(KeyError).",
        "exception_handler": "Write @app.problem_handler(KeyError).",
        "include_router": "Write app.mount('/prefix', other_app).",
        "openapi": "Fetch /openapi.json, or run `restkit openapi TARGET`.",
        "register_blueprint": "Write app.mount('/prefix', other_app).",
        "register_error_handler": "Write app.problem_handler(KeyError)(handler).",
        "register_resource": "Write app.add('/...', Resource).",
        "run": "Run `restkit run module:app`, or hand the App to any WSGI server.",
        "serve": "Run `restkit run module:app`, or hand the App to any WSGI server.",
        "teardown_request": "Write a generator factory for provide().",
        "secret_key": "Write app.install(Sessions(keys=[...])), from restkit.html.",
        "static_folder": "Write app.static('/static', 'static').",
        "teardown_appcontext": "Write a generator factory for provide().",
        "test_request_context": "Write restkit.testing.request_context(app, '/books/3').",
        "url_defaults": "Write app.mount('/<language>', other_app, defaults={'language': 'en'}).",
        "url_value_preprocessor": "Mount an App at '/<language>'; see request.mount_parameters.",
        "websocket": "restkit has no WebSockets; see the how-to page about them.",
        "test_client": "Write restkit.testing.Client(app).",
        "url_map": "Run `restkit routes TARGET`, or read app.operations().",
        "use": "Write app.install(extension) or app.middleware(function).",
        "view": "Write app.add('/...', Resource).",
        "wsgi_app": "The App itself is the WSGI application; wrap it in another one.",
    }
)
"""Members of applications in other frameworks, with restkit's equivalents."""

TEMPLATE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "get_flashed_messages": "Write flashes(); each has message and category.",
        "messages": "Write flashes(); each has message and category.",
        "csrf_token": "Write {{ csrf() }}; {{ form }} has the field already.",
        "current_user": "Write request.caller.",
        "user": "Write request.caller.",
        "g": "Return the value, or put it into context().",
        "config": "Put the setting into templates.globals.",
        "flashes": "Install Sessions in the App, from restkit.html.",
        "session": "Install Sessions in the App, from restkit.html.",
        "csrf": "Install Sessions in the App, from restkit.html.",
        "static": "Write app.static('/static', 'static').",
        "form": "The URL has no operation that takes a form; write form=self.form(...).",
        "_": "Install Translations in the App, from restkit.i18n.",
        "gettext": "Install Translations in the App, from restkit.i18n.",
    }
)
"""Names that templates of other frameworks know, or with an extension, with the remedy."""
