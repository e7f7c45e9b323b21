using BillApis;
using BillApis.AspNetCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Meters an application's own endpoints.</summary>
public static class BillingMeteringExtensions
{
    /// <summary>Records a usage event for every request of an endpoint that has a meter; as the first in the pipeline it sees what every other middleware makes of a request.</summary>
    public static IApplicationBuilder UseBillingMetering(this IApplicationBuilder app, Action<MeteringOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var services = app.ApplicationServices;
        _ = services.GetService<UsageBuffer>() ?? throw new InvalidOperationException("Call AddBilling(...) on the services before UseBillingMetering().");
        configure?.Invoke(services.GetRequiredService<IOptions<MeteringOptions>>().Value);
        return app.UseMiddleware<MeteringMiddleware>(ActivatorUtilities.GetServiceOrCreateInstance<UsageRecorder>(services));
    }

    /// <summary>Records a usage event of this type for every request that the endpoint, or each endpoint of the group, serves.</summary>
    public static TBuilder WithMeter<TBuilder>(this TBuilder builder, string eventType) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var meter = new MeteredAttribute(eventType);
        builder.Add(endpoint => endpoint.Metadata.Add(meter));
        builder.Finally(CheckMiddleware);
        return builder;
    }

    // Usage that nobody records would be found missing when the bill is.
    private static void CheckMiddleware(EndpointBuilder endpoint)
    {
        if (endpoint.RequestDelegate is not { } inner)
        {
            return;
        }

        endpoint.RequestDelegate = context => context.Features.Get<MeteredRequest>() is null
            ? throw new InvalidOperationException($"The endpoint '{endpoint.DisplayName}' has a meter, but UseBillingMetering() is not in the pipeline before it.")
            : inner(context);
    }
}
