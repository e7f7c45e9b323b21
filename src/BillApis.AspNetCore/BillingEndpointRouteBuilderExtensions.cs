using BillApis.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The HTTP entry point: maps billing's endpoints onto an application.</summary>
public static class BillingEndpointRouteBuilderExtensions
{
    /// <summary>Maps billing's endpoints below the prefix, and their OpenAPI document at <c>/openapi/v1.json</c>.</summary>
    public static IEndpointConventionBuilder MapBilling(this IEndpointRouteBuilder endpoints, string prefix = "/api/v1")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = endpoints.ServiceProvider.GetService<RestOptions>()
            ?? throw new InvalidOperationException("Call UseRest() on the builder of AddBilling before MapBilling().");
        var api = endpoints.MapGroup(prefix);
        Finish(api);
        foreach (var service in options.Services.Order(StringComparer.Ordinal))
        {
            var group = api.MapGroup("");
            if (options.Split)
            {
                group.WithMetadata(new ServedAt(RestOptions.KnownServices[service]));
            }

            ServiceMap.Of(service)(group, options);
        }

        api.MapUnknown();
        OpenApiEndpoint.Map(endpoints, prefix);
        JwksEndpoint.Map(endpoints);
        if (options.Standalone)
        {
            HealthEndpoints.Map(endpoints);
            var rest = endpoints.MapGroup("");
            Finish(rest);
            rest.MapUnknown();
        }

        return api;
    }

    private static void Finish(RouteGroupBuilder group)
    {
        group.AddEndpointFilter<EnvelopeFilter>();
        ((IEndpointConventionBuilder)group).Finally(Edge.Surround);
    }
}
