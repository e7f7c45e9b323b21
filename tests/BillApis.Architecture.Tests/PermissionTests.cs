using BillApis.AspNetCore;
using BillApis.Identity;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Architecture.Tests;

/// <summary>Every endpoint says who may call it.</summary>
public sealed class PermissionTests
{
    // Whoever adds one here lets in anybody.
    private static readonly string[] Open =
    [
        "GET /health", "GET /health/live", "GET /health/ready", "GET /openapi/v1.json", "GET /docs", "GET /.well-known/jwks.json", "any /api/v1/{**unknown_path}", "any /{**unknown_path}",
        "POST /api/v1/auth/login", "POST /api/v1/auth/refresh", "POST /api/v1/auth/password/reset", "POST /api/v1/auth/password/forgot", "POST /api/v1/portal/auth/password/forgot",
        "POST /api/v1/portal/auth/login", "POST /api/v1/portal/auth/refresh", "POST /api/v1/portal/auth/password/reset", "GET /api/v1/portal/apis", "POST /api/v1/portal/register",
    ];

    private static readonly Lazy<IReadOnlyList<RouteEndpoint>> Endpoints = new(Map);

    [Fact]
    public void Every_endpoint_declares_what_its_caller_must_be_allowed() =>
        Endpoints.Value.Where(endpoint => !IsOpen(endpoint) && endpoint.Metadata.GetMetadata<RequiredPermission>() is null)
            .Select(endpoint => $"{Name(endpoint)} declares no permission: add .Requires(\"customers\"), with its own kind of thing, to it or to its group (AGENTS.md, add an endpoint)").ShouldBeEmpty();

    [Fact]
    public void Every_permission_is_about_a_known_kind_of_thing() =>
        Endpoints.Value.Where(endpoint => !IsOpen(endpoint)).Select(endpoint => (Name: Name(endpoint), Permission: RequiredPermission.Of(endpoint)))
            .Where(endpoint => endpoint.Permission is { } permission && (!Permission.Resources.Contains(permission.Resource) || !Permission.Actions.Contains(permission.Action)))
            .Select(endpoint => $"{endpoint.Name} needs {endpoint.Permission}: take a kind of thing of Permission.Resources, or add it there and to the roles of BuiltInRoles that may write it").ShouldBeEmpty();

    [Fact]
    public void Only_these_endpoints_let_in_anybody() =>
        Endpoints.Value.Where(IsOpen).Select(Name).Order(StringComparer.Ordinal).ShouldBe(Open.Order(StringComparer.Ordinal), "an endpoint that anybody may call is written down in this test");

    private static List<RouteEndpoint> Map()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddBilling(billing => billing.UseSqlite("Data Source=:memory:").UseRest(rest => (rest.Standalone, rest.TestClockStart) = (true, Instant.FromUtc(2026, 1, 1, 0, 0))));
        var app = builder.Build();
        app.MapBilling();
        return [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];
    }

    private static bool IsOpen(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static string Name(RouteEndpoint endpoint) =>
        $"{(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is [var method, ..] ? method : "any")} /{endpoint.RoutePattern.RawText!.Trim('/')}";
}
