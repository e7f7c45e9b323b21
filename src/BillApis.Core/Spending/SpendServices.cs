using BillApis.Outbox;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace BillApis;

/// <summary>Registers what watches spend.</summary>
internal static class SpendServices
{
    public static void AddSpending(this IServiceCollection services)
    {
        services.AddSingleton<LimitedCustomers>();
        services.AddSingleton(provider => new SpendReader(provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<ChargedUsageReader>()));
        services.AddSingleton(provider => new SpendMoves(
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<IStore<SpendRecord>>(), provider.GetRequiredService<SpendReader>(), provider.GetRequiredService<IStore<Customer>>(),
            provider.GetRequiredService<ISubscriptionStore>(), new SpendSuspension(provider.GetRequiredService<SubscriptionChanges>()), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new SpendWatch(
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<SpendMoves>(), provider.GetRequiredService<OutboxDispatcher>(), provider.GetRequiredService<LimitedCustomers>(),
            provider.GetService<ILogger<SpendWatch>>() ?? NullLogger<SpendWatch>.Instance));
        services.AddSingleton(provider => new SpendLimits(
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<SpendWatch>(), provider.GetRequiredService<SpendReader>(), provider.GetRequiredService<Customers>(),
            provider.GetRequiredService<Subscriptions>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => BillingJobs.Spend(provider.GetRequiredService<SpendWatch>()));
    }
}
