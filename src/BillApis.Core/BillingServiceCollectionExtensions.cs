using BillApis;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Outbox;
using BillApis.Outgoing;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The entry point: adds billing to a service collection.</summary>
public static class BillingServiceCollectionExtensions
{
    /// <summary>Adds billing; the builder says where its data is kept. Ask for <see cref="Billing"/> then.</summary>
    public static IServiceCollection AddBilling(this IServiceCollection services, Action<BillingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        if (services.All(service => service.ServiceType != typeof(Billing)))
        {
            AddEngine(services);
        }

        configure(new BillingBuilder(services));
        return services;
    }

    private static void AddEngine(IServiceCollection services)
    {
        services.AddOptions<BillingOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IClock>(provider => provider.GetRequiredService<TimeProvider>().ToClock());
        services.AddSingleton<Billing>();
        services.AddSingleton(provider => new OutgoingClient(provider.GetRequiredService<IOptions<BillingOptions>>().Value));
        AddMasterData(services);
        services.AddUsage();
        AddInvoicing(services);
        AddExplanations(services);
        services.AddSingleton<OutboxDispatcher>();
        services.AddLedger();
        AddWorker(services);
    }

    private static void AddMasterData(IServiceCollection services)
    {
        services.AddSingleton<Settings>();
        services.AddEntitlements();
        services.AddSpending();
        services.AddSingleton(provider => new Customers(
            provider.GetRequiredService<IStore<Customer>>(), provider.GetRequiredService<IStore<Subscription>>(), provider.GetRequiredService<FindCustomers>(),
            provider.GetRequiredService<CustomerDirectory>(), provider.GetRequiredService<IStore<LegalEntity>>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton<LegalEntities>();
        services.AddSingleton<Products>();
        services.AddSingleton<Prices>();
        services.AddSingleton<Plans>();
        services.AddSingleton<Coupons>();
        services.AddSingleton<TaxRates>();
        services.AddSingleton<OpenPeriods>();
        services.AddSingleton(provider => new Subscriptions(
            provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<OpenPeriods>(), provider.GetRequiredService<Customers>(), provider.GetRequiredService<Plans>(),
            provider.GetRequiredService<Coupons>(), provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetRequiredService<IClock>()));
    }

    private static void AddInvoicing(IServiceCollection services)
    {
        services.TryAddSingleton<ITaxCalculator, TaxTables>();
        services.AddSingleton<IssueTermsReader>();
        services.AddSingleton<Settlements>();
        services.AddSingleton<DraftReview>();
        services.AddSingleton<InvoiceIssue>();
        services.AddSingleton<Credits>();
        services.AddSingleton(provider => new Invoices(
            provider.GetRequiredService<IInvoiceStore>(), provider.GetRequiredService<Settlements>(), provider.GetRequiredService<InvoiceIssue>(), provider.GetRequiredService<BillingCycle>(),
            provider.GetRequiredService<DraftReview>(), provider.GetRequiredService<Customers>(), provider.GetRequiredService<OutboxDispatcher>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new InvoiceDrafts(provider.GetRequiredService<IInvoiceStore>(), provider.GetRequiredService<Settlements>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton<CreditMemos>();
        services.AddSingleton<ChargedUsageReader>();
        services.AddSingleton<EarlierBills>();
        services.AddSingleton<Recharges>();
        services.AddSingleton<SettledIntervals>();
        services.AddSingleton<AdvancedLines>();
        services.AddSingleton<SubscriptionInvoices>();
        services.AddSingleton<Supplements>();
        services.AddSingleton<BillingCycle>();
        services.AddSingleton<ChangePreview>();
        services.AddSingleton(provider => new SubscriptionChanges(
            provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<Prices>(), provider.GetRequiredService<OpenPeriods>(),
            provider.GetRequiredService<BillingCycle>(), provider.GetRequiredService<ChangePreview>(), provider.GetRequiredService<IInvoiceStore>(), provider.GetRequiredService<OutboxDispatcher>(),
            provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton<ProgressiveInvoices>();
        services.AddSingleton(provider => new PlanMigrations(
            provider.GetRequiredService<SubscriptionChanges>(), provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<IClock>()));
        SubscriptionPayments.AddHandlers(services);
        ConsolidationChoice.AddHandler(services);
        services.AddSingleton<CommonBoundaries>();
        services.AddSingleton<TrialBilling>();
        services.AddSingleton<DryRuns>();
        services.AddSingleton(provider => new InvoicePreviews(
            provider.GetRequiredService<SubscriptionInvoices>(), provider.GetRequiredService<CommonBoundaries>(), provider.GetRequiredService<DraftReview>(), provider.GetRequiredService<Supplements>(), provider.GetRequiredService<Settlements>(),
            provider.GetRequiredService<Subscriptions>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<ChargedUsageReader>(),
            provider.GetRequiredService<Customers>(), provider.GetRequiredService<Coupons>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new InvoiceRuns(
            provider.GetRequiredService<BillingCycle>(), provider.GetRequiredService<Supplements>(), provider.GetRequiredService<ProgressiveInvoices>(), provider.GetRequiredService<DryRuns>(), provider.GetRequiredService<IInvoiceRunStore>(),
            provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<Customers>(), provider.GetRequiredService<IOptions<BillingOptions>>(),
            provider.GetRequiredService<IClock>(), provider.GetService<ILogger<InvoiceRuns>>() ?? NullLogger<InvoiceRuns>.Instance));
    }

    private static void AddExplanations(IServiceCollection services)
    {
        services.AddSingleton<IssuedDocuments>();
        services.AddSingleton(provider => new Backtests(
            provider.GetRequiredService<Customers>(), provider.GetRequiredService<Plans>(), provider.GetRequiredService<ISubscriptionStore>(), provider.GetRequiredService<IInvoiceStore>(),
            provider.GetRequiredService<ChargedUsageReader>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new InvoiceExports(
            provider.GetRequiredService<Invoices>(), provider.GetRequiredService<BilledPrices>(), provider.GetRequiredService<ChargedUsageReader>(), provider.GetRequiredService<IUsageStore>(),
            provider.GetRequiredService<ICreditStore>(), provider.GetRequiredService<KnownUsage>(), provider.GetRequiredService<EarlierDocuments>(), provider.GetRequiredService<Plans>()));
        services.AddSingleton<EarlierDocuments>();
        services.AddSingleton<KnownUsage>();
        services.AddSingleton<BilledPrices>();
        services.AddSingleton<UsageOrigins>();
        services.AddSingleton(provider => new Explanations(
            provider.GetRequiredService<Invoices>(), provider.GetRequiredService<CreditMemos>(), provider.GetRequiredService<InvoicePreviews>(),
            provider.GetRequiredService<BilledPrices>(), provider.GetRequiredService<UsageOrigins>(), provider.GetRequiredService<EarlierOrigins>(), provider.GetRequiredService<AdjustedOrigins>()));
        services.AddSingleton<EarlierOrigins>();
        services.AddSingleton<AdjustedOrigins>();
    }

    private static void AddWorker(IServiceCollection services)
    {
        services.AddSingleton(provider => BillingJobs.Outbox(provider.GetRequiredService<OutboxDispatcher>()));
        services.AddSingleton(provider => BillingJobs.StalledRuns(provider.GetRequiredService<InvoiceRuns>()));
        services.AddSingleton(provider => BillingJobs.Invoices(provider.GetRequiredService<InvoiceRuns>()));
        services.AddSingleton(provider => BillingJobs.Orphans(provider.GetRequiredService<OrphanRecovery>()));
        services.AddSingleton(provider => BillingJobs.Credits(provider.GetRequiredService<Credits>()));
        services.AddSingleton(provider => BillingJobs.Retention(provider.GetRequiredService<UsageRetention>()));
        services.AddSingleton(provider => BillingJobs.Overdue(provider.GetRequiredService<IInvoiceStore>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton(provider => new BillingWorker(
            provider.GetServices<BillingJob>(), provider.GetRequiredService<IOptions<BillingOptions>>(), provider.GetService<ILogger<BillingWorker>>() ?? NullLogger<BillingWorker>.Instance));
        services.AddHostedService(provider => provider.GetRequiredService<BillingWorker>());
    }
}
