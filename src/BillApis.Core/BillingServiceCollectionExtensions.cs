using BillApis;
using BillApis.Ledger;
using BillApis.Outbox;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NodaTime;
using NodaTime.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The entry point: adds billing to a service collection.</summary>
public static class BillingServiceCollectionExtensions
{
    /// <summary>Adds billing; the builder says where its data is kept. Safe to call more than once.</summary>
    public static IServiceCollection AddBilling(this IServiceCollection services, Action<BillingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IClock>(provider => provider.GetRequiredService<TimeProvider>().ToClock());
        services.TryAddSingleton<OutboxDispatcher>();
        services.AddLedger();
        configure(new BillingBuilder(services));
        return services;
    }
}
