using BillApis.Auditing;
using BillApis.Identity;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Outbox;
using BillApis.Storage;
using BillApis.Storage.Sql.Auditing;
using BillApis.Storage.Sql.Customers;
using BillApis.Storage.Sql.Invoicing;
using BillApis.Storage.Sql.Ledger;
using BillApis.Storage.Sql.Metering;
using BillApis.Storage.Sql.Reservations;
using BillApis.Storage.Sql.Spending;
using BillApis.Storage.Sql.Subscriptions;
using BillApis.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BillApis.Storage.Sql;

/// <summary>Registers every store, once for all databases.</summary>
internal static class SqlServiceCollectionExtensions
{
    public static void AddSqlStores(this IServiceCollection services, Func<IServiceProvider, SqlDialect> dialect)
    {
        services.AddSingleton(provider => new SqlDatabase(dialect(provider), provider.GetRequiredService<ChangeFeed>()));
        services.AddHostedService<SqlChanges>();
        services.AddSingleton<IMigrator, SqlMigrator>();
        services.AddSingleton<IOutboxStore, SqlOutbox>();
        services.TryAddSingleton<ILedger, SqlLedger>();
        services.AddSingleton<SqlUsageStore>();
        services.AddSingleton<IUsageStore>(provider => provider.GetRequiredService<SqlUsageStore>());
        services.AddSingleton(provider => new BillingJob("usage totals", provider.GetRequiredService<SqlUsageStore>().MergeAsync));
        services.AddSingleton<IUsageImportStore, SqlUsageImportStore>();
        services.AddSingleton<IUsageBackfillStore, SqlUsageBackfillStore>();
        services.AddSingleton<IUsageArchiveStore, SqlUsageArchive>();
        services.AddSingleton<FindCustomers>(provider => new CustomerLookup(provider.GetRequiredService<SqlDatabase>()).FindAsync);
        services.AddSingleton<FindOwners>(provider => new OwnerLookup(provider.GetRequiredService<SqlDatabase>()).FindAsync);
        services.AddSingleton<ExportTenant>(provider => new TenantExport(provider.GetRequiredService<SqlDatabase>()).ReadAsync);
        services.AddSingleton<ForgetAnswers>(provider => new OldAnswers(provider.GetRequiredService<SqlDatabase>()).ForgetAsync);
        services.AddSingleton<IAuditStore, SqlAuditStore>();
        services.AddStore(IdentityMaps.Tenants);
        services.AddStore(IdentityMaps.Logins);
        services.AddStore(IdentityMaps.Users);
        services.AddStore(IdentityMaps.Roles);
        services.AddStore(IdentityMaps.Sessions);
        services.AddStore(IdentityMaps.ApiKeys);
        services.AddStore(IdentityMaps.SigningKeys);
        services.AddStore(IdentityMaps.RingKeys);
        services.AddStore(IdentityMaps.StoredAnswers);
        services.AddStore(EntityMaps.Settings);
        services.AddSingleton<IStore<Customer>, SqlCustomerStore>();
        services.AddStore(EntityMaps.LegalEntities);
        services.AddStore(EntityMaps.Products);
        services.AddStore(EntityMaps.Metrics);
        services.AddStore(EntityMaps.Prices);
        services.AddStore(EntityMaps.Plans);
        services.AddStore(EntityMaps.Features);
        services.AddStore(EntityMaps.Entitlements);
        services.AddSingleton<ISpendLimitStore, SqlSpendLimitStore>();
        services.AddStore(SqlSpendLimitStore.Records);
        services.AddSingleton<IReservationStore, SqlReservationStore>();
        services.AddSingleton<SqlRevenueScheduleStore>();
        services.AddSingleton<IRevenueScheduleStore>(provider => provider.GetRequiredService<SqlRevenueScheduleStore>());
        services.AddStore(DiscountMaps.TaxRates);
        services.AddSingleton(provider => new SqlStore<Coupon>(provider.GetRequiredService<SqlDatabase>(), DiscountMaps.Coupons));
        services.AddSingleton<IStore<Coupon>>(provider => provider.GetRequiredService<SqlStore<Coupon>>());
        services.AddSingleton<SqlCreditStore>();
        services.AddSingleton<ICreditStore>(provider => provider.GetRequiredService<SqlCreditStore>());
        services.AddSingleton<IInvoiceRunStore, SqlInvoiceRunStore>();
        services.AddSingleton<SqlSubscriptionStore>();
        services.AddSingleton<ISubscriptionStore>(provider => provider.GetRequiredService<SqlSubscriptionStore>());
        services.AddSingleton<IStore<Subscription>>(provider => provider.GetRequiredService<ISubscriptionStore>());
        services.AddSingleton<SqlCreditMemoStore>();
        services.AddSingleton<IStore<CreditMemo>>(provider => provider.GetRequiredService<SqlCreditMemoStore>());
        services.AddSingleton<IInvoiceStore, SqlInvoiceStore>();
        services.AddSingleton<IStore<Invoice>>(provider => provider.GetRequiredService<IInvoiceStore>());
    }

    private static void AddStore<T>(this IServiceCollection services, EntityMap<T> map) where T : class, IEntity<T> =>
        services.AddSingleton<IStore<T>>(provider => new SqlStore<T>(provider.GetRequiredService<SqlDatabase>(), map));
}
