"""Django REST framework, without a database, authentication, permissions or middleware."""

from __future__ import annotations

import types
from typing import Any

import django
from django.conf import settings

__all__ = ["hello", "routes", "services"]

_REST: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}


def _app(urls: list[Any]) -> Any:
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse

    module = types.ModuleType("urls")
    vars(module).update(
        urlpatterns=urls,
        handler404=lambda request, exception: JsonResponse({"status": 404}, status=404),
    )
    settings.ROOT_URLCONF = module
    return get_wsgi_application()


def _configure() -> None:
    if not settings.configured:
        installed = ["rest_framework"]
        settings.configure(
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=installed,
            MIDDLEWARE=[],
            REST_FRAMEWORK=_REST,
            SECRET_KEY="benchmark",
            USE_TZ=True,
        )
        django.setup()


def _hello_view() -> Any:
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Hello(APIView):
        def get(self, request: Any) -> Any:
            return Response({"hello": "world"})

    return Hello


def hello() -> Any:
    _configure()
    from django.urls import path

    return _app([path("", _hello_view().as_view())])


def _serializers() -> tuple[Any, Any]:
    from rest_framework import serializers

    from ..cases import ZONE
    from ..shapes import CURRENCIES, EMAIL

    class ItemSerializer(serializers.Serializer):
        sku = serializers.CharField(min_length=1, max_length=20)
        title = serializers.CharField(min_length=1, max_length=200)
        quantity = serializers.IntegerField(min_value=1, max_value=1000)
        price = serializers.FloatField(min_value=0)

    class OrderSerializer(serializers.Serializer):
        reference = serializers.CharField(min_length=1, max_length=40)
        customer = serializers.CharField(min_length=1, max_length=100)
        email = serializers.RegexField(EMAIL)
        account = serializers.UUIDField()
        placed_at = serializers.DateTimeField(default_timezone=ZONE)
        ship_on = serializers.DateField()
        currency = serializers.ChoiceField(CURRENCIES)
        total = serializers.FloatField(min_value=0)
        weight = serializers.IntegerField(min_value=0, max_value=100_000)
        express = serializers.BooleanField()
        tags = serializers.ListField(child=serializers.CharField(), max_length=20)
        note = serializers.CharField(allow_null=True, max_length=500)
        items = ItemSerializer(many=True)

    class BookSerializer(serializers.Serializer):
        id = serializers.IntegerField()
        title = serializers.CharField()
        author = serializers.CharField()
        isbn = serializers.CharField()
        pages = serializers.IntegerField()
        price = serializers.FloatField()
        rating = serializers.FloatField()
        available = serializers.BooleanField()
        published = serializers.DateField()
        added = serializers.DateTimeField(default_timezone=ZONE)

    return OrderSerializer, BookSerializer


def services() -> Any:
    _configure()
    from django.urls import path
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from ..cases import LISTS, books

    order_serializer, book_serializer = _serializers()

    class Part(APIView):
        def get(self, request: Any, item_id: int, part_id: Any) -> Any:
            return Response({"item": item_id, "part": str(part_id)})

    class Orders(APIView):
        def post(self, request: Any) -> Any:
            serializer = order_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            return Response(serializer.data, status=201)

    class Books(APIView):
        found: Any = ()

        def get(self, request: Any) -> Any:
            return Response(book_serializer(self.found, many=True).data)

    return _app(
        [
            path("", _hello_view().as_view()),
            path("items/<int:item_id>/parts/<uuid:part_id>", Part.as_view()),
            path("orders", Orders.as_view()),
            *(path(f"lists/{count}", Books.as_view(found=books(count))) for count in LISTS),
        ]
    )


def routes(count: int) -> Any:
    _configure()
    from django.urls import path
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Section(APIView):
        number = 0

        def get(self, request: Any, item_id: int) -> Any:
            return Response({"section": self.number, "item": item_id})

    urls = [
        path(f"section-{number}/<int:item_id>", Section.as_view(number=number))
        for number in range(count)
    ]
    return _app(urls)
