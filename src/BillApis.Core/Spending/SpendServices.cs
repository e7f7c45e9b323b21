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
        services.AddSingleton(provider => new SpendReader(provider.GetRequiredService<IStore<Subscription>>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<ChargedUsageReader>()));
        services.AddSingleton(provider => new SpendWatch(
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<IStore<SpendRecord>>(), provider.GetRequiredService<SpendReader>(), provider.GetRequiredService<IStore<Customer>>(),
            new SpendSuspension(provider.GetRequiredService<IStore<Subscription>>(), provider.GetRequiredService<SubscriptionChanges>()), provider.GetRequiredService<OutboxDispatcher>(), provider.GetRequiredService<LimitedCustomers>(), provider.GetRequiredService<IClock>(),
            provider.GetService<ILogger<SpendWatch>>() ?? NullLogger<SpendWatch>.Instance));
        services.AddSingleton(provider => new SpendLimits(
            provider.GetRequiredService<ISpendLimitStore>(), provider.GetRequiredService<SpendWatch>(), provider.GetRequiredService<SpendReader>(), provider.GetRequiredService<Customers>(),
            provider.GetRequiredService<Subscriptions>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => BillingJobs.Spend(provider.GetRequiredService<SpendWatch>()));
    }
}
