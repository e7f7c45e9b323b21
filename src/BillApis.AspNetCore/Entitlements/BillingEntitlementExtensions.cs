using BillApis;
using BillApis.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Lets an application's own endpoints serve only those who are entitled to them.</summary>
public static class BillingEntitlementExtensions
{
    /// <summary>Serves only customers who may use so much of a feature now; others get 402, or 429 where the quota begins anew by itself.</summary>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="feature">The feature's id or code.</param>
    /// <param name="quantity">How much of it a request uses.</param>
    /// <param name="reserve">Whether that much is set aside while the request is served, counted where it succeeds and given back where it fails; the quota is never exceeded then.</param>
    public static TBuilder RequireEntitlement<TBuilder>(this TBuilder builder, string feature, decimal quantity = 1, bool reserve = false) where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(feature);
        ArgumentOutOfRangeException.ThrowIfNegative(quantity);
        builder.Finally(endpoint =>
        {
            if (endpoint.RequestDelegate is { } inner)
            {
                var required = new RequiredEntitlement(feature, quantity, reserve, inner);
                endpoint.RequestDelegate = required.ServeAsync;
            }
        });
        return builder;
    }
}
