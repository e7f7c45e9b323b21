using System.Data.Common;
using BillApis.Invoicing;
using BillApis.Storage.Sql.Ledger;
using BillApis.Storage.Sql.Metering;
using BillApis.Storage.Sql.Subscriptions;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>Invoices in <c>billing_invoice</c>; issued ones get their numbers from <c>billing_series</c> in the transaction that stores them.</summary>
internal sealed class SqlInvoiceStore(SqlDatabase database, SqlCreditStore credits, SqlCreditMemoStore memos, SqlSubscriptionStore subscriptions, SqlRevenueScheduleStore schedules) : SqlStore<Invoice>(database, Map), IInvoiceStore
{
    private static readonly EntityMap<Invoice> Map = EntityMap<Invoice>.Of(
        "billing_invoice",
        EntityColumn<Invoice>.Text("customer_id", item => item.Customer),
        EntityColumn<Invoice>.Text("subscription_id", item => item.Subscription),
        EntityColumn<Invoice>.Text("kind", item => EntityMaps.Wire(item.Kind)),
        EntityColumn<Invoice>.Number("period_start", item => item.Period?.Start.ToMicroseconds()),
        EntityColumn<Invoice>.Number("sequence", item => item.Sequence),
        EntityColumn<Invoice>.Text("status", item => EntityMaps.Wire(item.Status)),
        EntityColumn<Invoice>.Text("currency", item => item.Currency),
        EntityColumn<Invoice>.Text("series", item => item.Series),
        EntityColumn<Invoice>.Number("number", item => item.Number),
        EntityColumn<Invoice>.Number("total_minor", item => item.Total.MinorUnits),
        EntityColumn<Invoice>.Number("paid_minor", item => item.Paid.MinorUnits),
        EntityColumn<Invoice>.Number("issued_at", item => item.IssuedAt?.ToMicroseconds()),
        EntityColumn<Invoice>.Number("due_at", item => item.DueAt?.ToMicroseconds()));

    private readonly SqlDatabase _database = database;

    public Task<SaveResult> SaveAsync(TenantId tenant, InvoiceWrite write, CancellationToken cancellationToken)
    {
        var (grants, billed, earned) = (credits.RowsOf(tenant, write.Grants), subscriptions.RowsOf(tenant, write.Subscriptions), schedules.RowsOf(tenant, write.Schedules));
        return SaveAsync(
            tenant,
            write.Invoices,
            write.Events,
            async transaction => await credits.WriteAsync(transaction, tenant, grants, cancellationToken).ConfigureAwait(false)
                && await subscriptions.WriteAsync(transaction, tenant, billed, cancellationToken).ConfigureAwait(false)
                && await schedules.WriteAsync(transaction, tenant, earned, cancellationToken).ConfigureAwait(false)
                && await IndexAsync(transaction, tenant, write.Invoices, cancellationToken).ConfigureAwait(false),
            cancellationToken);
    }

    public Task<SaveResult> SaveAsync(TenantId tenant, Invoice invoice, CreditMemo memo, IReadOnlyList<CreditGrant> grants, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) =>
        SaveAsync(
            tenant,
            [invoice],
            events,
            async transaction => await memos.WriteAsync(transaction, tenant, [memo], cancellationToken).ConfigureAwait(false) && await credits.WriteAsync(transaction, tenant, grants, cancellationToken).ConfigureAwait(false),
            cancellationToken);

    public async Task<IReadOnlyList<Invoice>> PastDueAsync(Instant now, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select body as Body, version as Version from billing_invoice where status in ('issued', 'partially_paid') and due_at < @Now order by due_at limit @Limit",
            new { Now = now.ToMicroseconds(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    public Task<IReadOnlyDictionary<SubscriptionId, int>> CountCorrectionsAsync(TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken) =>
        CorrectionNumbers.CountAsync(_database, tenant, subscriptions, cancellationToken);

    public Task<bool> TakeCorrectionAsync(TenantId tenant, SubscriptionId subscription, int number, CancellationToken cancellationToken) =>
        CorrectionNumbers.TryTakeAsync(_database, tenant, subscription, number, cancellationToken);

    public Task<IReadOnlyList<DocumentChain>> SeriesAsync(TenantId tenant, CancellationToken cancellationToken) => SeriesNumbers.ListAsync(_database, tenant, cancellationToken);

    protected override EntityRows<Invoice> RowsOf(IReadOnlyList<Invoice> items) => new InvoiceRows(Map, items);

    // The row of the series stays locked until the commit, so that a number that was given is used.
    protected override async Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<Invoice> rows, CancellationToken cancellationToken)
    {
        await CorrectionNumbers.TakeAsync(_database.Dialect, transaction, tenant, [.. rows.Items.Where(TakesCorrection).SelectMany(item => item.Corrections())], cancellationToken).ConfigureAwait(false);
        var invoices = (InvoiceRows)rows;
        foreach (var series in invoices.Unnumbered)
        {
            var (number, previous) = await SeriesNumbers.TakeAsync(transaction, tenant, series.Key, series.Count(), cancellationToken).ConfigureAwait(false);
            foreach (var place in series)
            {
                previous = invoices.Number(place, number++, previous);
            }

            await SeriesNumbers.EndAsync(transaction, tenant, series.Key, previous, cancellationToken).ConfigureAwait(false);
        }
    }

    // An invoice over several subscriptions is one of each of them.
    protected override string Filter(string column) =>
        column is not "subscription_id" ? base.Filter(column) : """
        id in (
            select i.id from billing_invoice as i where i.tenant_id = @Tenant and i.subscription_id = @where_subscription_id
            union all select s.invoice_id from billing_invoice_section as s where s.tenant_id = @Tenant and s.subscription_id = @where_subscription_id)
        """;

    private async Task<bool> IndexAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<Invoice> invoices, CancellationToken cancellationToken)
    {
        var pairs = invoices.SelectMany(invoice => invoice.Sections.Select(section => (section.Subscription.ToString(), invoice.Id.ToString())));
        await _database.Dialect.LinkAsync(transaction, tenant, "billing_invoice_section", ("subscription_id", "invoice_id"), pairs, cancellationToken).ConfigureAwait(false);
        return true;
    }

    // A replacement has its place as it is drafted, any other bill as it is issued.
    private static bool TakesCorrection(Invoice item) => (item.Correction is not null || !item.Sections.IsEmpty) && (item.Kind is InvoiceKind.Replacement ? item.Version == 0 : item is { IssuedAt: not null, Number: null });
}
