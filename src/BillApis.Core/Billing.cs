using BillApis.Ledger;
using BillApis.Storage;

namespace BillApis;

/// <summary>Everything that the engine does, by what it is about; the one service that an application asks for.</summary>
public sealed class Billing(
    IMigrator migrator, Customers customers, LegalEntities legalEntities, Products products, Metrics metrics, Prices prices, Plans plans, Coupons coupons, TaxRates taxRates, Subscriptions subscriptions, SubscriptionChanges changes, PlanMigrations migrations, Usage usage, UsageImports imports, UsageRetention retention, UsageBackfills backfills,
    Invoices invoices, InvoiceDrafts drafts, CreditMemos creditMemos, Credits credits, InvoiceRuns runs, InvoicePreviews previews, Books books, Settings settings,
    Features features, Entitlements entitlements, Reservations reservations, SpendLimits spendLimits, Statements statements,
    UsageAnalytics analytics, Explanations explanations,
    IssuedDocuments documents, Backtests backtests, InvoiceExports exports)
{
    /// <summary>The parties that are billed.</summary>
    public Customers Customers { get; } = customers;

    /// <summary>The companies that sell.</summary>
    public LegalEntities LegalEntities { get; } = legalEntities;

    /// <summary>What is sold.</summary>
    public Products Products { get; } = products;

    /// <summary>The ways to count usage.</summary>
    public Metrics Metrics { get; } = metrics;

    /// <summary>What things cost.</summary>
    public Prices Prices { get; } = prices;

    /// <summary>What is subscribed to.</summary>
    public Plans Plans { get; } = plans;

    /// <summary>The discounts that subscriptions may redeem.</summary>
    public Coupons Coupons { get; } = coupons;

    /// <summary>The rate tables that taxes are decided by.</summary>
    public TaxRates TaxRates { get; } = taxRates;

    /// <summary>Who subscribed to what.</summary>
    public Subscriptions Subscriptions { get; } = subscriptions;

    /// <summary>What becomes of subscriptions.</summary>
    public SubscriptionChanges Changes { get; } = changes;

    /// <summary>Moves the subscriptions of a plan to another version.</summary>
    public PlanMigrations Migrations { get; } = migrations;

    /// <summary>What customers use.</summary>
    public Usage Usage { get; } = usage;

    /// <summary>Files of what customers use.</summary>
    public UsageImports Imports { get; } = imports;

    /// <summary>Usage of the past that is put right as one.</summary>
    public UsageBackfills Backfills { get; } = backfills;

    /// <summary>What becomes of usage of long ago.</summary>
    public UsageRetention Retention { get; } = retention;

    /// <summary>Bills.</summary>
    public Invoices Invoices { get; } = invoices;

    /// <summary>What people change of bills before they are issued.</summary>
    public InvoiceDrafts Drafts { get; } = drafts;

    /// <summary>Credit that customers were given or bought.</summary>
    public Credits Credits { get; } = credits;

    /// <summary>Bills what is due.</summary>
    public InvoiceRuns Runs { get; } = runs;

    /// <summary>What would be billed.</summary>
    public InvoicePreviews Previews { get; } = previews;

    /// <summary>Parts of bills that were taken back.</summary>
    public CreditMemos CreditMemos { get; } = creditMemos;

    /// <summary>The ledger's accounts and balances.</summary>
    public Books Books { get; } = books;

    /// <summary>What the tenant chose for itself.</summary>
    public Settings Settings { get; } = settings;

    /// <summary>What customers may use.</summary>
    public Features Features { get; } = features;

    /// <summary>Who may use it, and how much of it.</summary>
    public Entitlements Entitlements { get; } = entitlements;

    /// <summary>Limits that hold: parts of quotas that are set aside before the work.</summary>
    public Reservations Reservations { get; } = reservations;

    /// <summary>How much customers may spend in a month, and how much they did.</summary>
    public SpendLimits SpendLimits { get; } = spendLimits;

    /// <summary>Reports on the books.</summary>
    public Statements Statements { get; } = statements;

    /// <summary>How usage goes.</summary>
    public UsageAnalytics Analytics { get; } = analytics;

    /// <summary>Where the amounts of bills come from.</summary>
    public Explanations Explanations { get; } = explanations;

    /// <summary>The proof that issued documents never changed.</summary>
    public IssuedDocuments Documents { get; } = documents;

    /// <summary>What past usage would have cost.</summary>
    public Backtests Backtests { get; } = backtests;

    /// <summary>Bills with all that they follow from.</summary>
    public InvoiceExports Exports { get; } = exports;

    /// <summary>Brings the database to the schema of this version; call it once before anything else.</summary>
    /// <exception cref="BillingException">The database cannot be opened, or is newer than this version.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken = default) => migrator.MigrateAsync(cancellationToken);
}
