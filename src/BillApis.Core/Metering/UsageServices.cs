using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Registers what takes in usage.</summary>
internal static class UsageServices
{
    public static void AddUsage(this IServiceCollection services)
    {
        services.AddSingleton<UsageSignals>();
        services.AddSingleton<MetricCatalog>();
        services.AddSingleton<CustomerDirectory>();
        services.AddSingleton<OrphanRecovery>();
        services.AddSingleton(provider => new UsageImports(provider.GetRequiredService<IUsageImportStore>(), provider.GetRequiredService<Usage>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new UsageBackfills(
            provider.GetRequiredService<IUsageBackfillStore>(), provider.GetRequiredService<Usage>(), provider.GetRequiredService<IStore<Metric>>(), provider.GetRequiredService<Customers>(),
            provider.GetRequiredService<Settings>(), provider.GetRequiredService<IClock>(), provider.GetRequiredService<ChangeFeed>()));
        services.AddHostedService(provider => new ImportWorker(
            provider.GetRequiredService<UsageImports>(), provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetService<ILogger<ImportWorker>>() ?? NullLogger<ImportWorker>.Instance));
        services.AddSingleton(provider => new UsageRetention(
            provider.GetRequiredService<IUsageArchiveStore>(), provider.GetRequiredService<IStore<Metric>>(), provider.GetRequiredService<Settings>(), provider.GetRequiredService<IOptions<BillingOptions>>(),
            provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new Metrics(
            provider.GetRequiredService<IStore<Metric>>(), provider.GetRequiredService<IStore<Price>>(), provider.GetRequiredService<MetricCatalog>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new Usage(
            provider.GetRequiredService<IUsageStore>(), provider.GetRequiredService<MetricCatalog>(), provider.GetRequiredService<CustomerDirectory>(), provider.GetRequiredService<FindOwners>(),
            provider.GetRequiredService<Settings>(), provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetRequiredService<IClock>(), provider.GetRequiredService<UsageSignals>()));
        services.AddSingleton(provider => new UsageAnalytics(
            provider.GetRequiredService<IUsageStore>(), provider.GetRequiredService<MetricCatalog>(), provider.GetRequiredService<IStore<Customer>>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new UsageBuffer(
            provider.GetRequiredService<Usage>().RecordAsync, provider.GetRequiredService<IOptions<UsageBufferOptions>>(), provider.GetService<ILogger<UsageBuffer>>() ?? NullLogger<UsageBuffer>.Instance));
        services.AddHostedService<UsageBufferDrain>();
    }
}
