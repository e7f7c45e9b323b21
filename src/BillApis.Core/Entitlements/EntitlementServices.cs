using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Storage;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Registers what decides who may use what.</summary>
internal static class EntitlementServices
{
    public static void AddEntitlements(this IServiceCollection services)
    {
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<Features>();
        services.AddSingleton<EntitlementCache>();
        services.AddSingleton(provider => new EntitlementReader(
            provider.GetRequiredService<IStore<Subscription>>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<IStore<EntitlementOverride>>(),
            provider.GetRequiredService<IStore<Feature>>(), provider.GetRequiredService<IStore<Metric>>(), provider.GetRequiredService<IUsageStore>(),
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<IReservationStore>()));
        services.AddSingleton(provider => new Entitlements(
            provider.GetRequiredService<EntitlementReader>(), provider.GetRequiredService<EntitlementCache>(), provider.GetRequiredService<IStore<EntitlementOverride>>(),
            provider.GetRequiredService<Customers>(), provider.GetRequiredService<Features>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new Reservations(
            provider.GetRequiredService<IReservationStore>(), provider.GetRequiredService<Entitlements>(), provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<Customers>(),
            provider.GetRequiredService<IStore<Subscription>>(), provider.GetRequiredService<ChangeFeed>(), provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => BillingJobs.Reservations(provider.GetRequiredService<IReservationStore>()));
    }
}
