using BillApis.Invoicing;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Revenue schedules in <c>billing_revenue_schedule</c>.</summary>
internal sealed class SqlRevenueScheduleStore(SqlDatabase database) : SqlStore<RevenueSchedule>(database, Map), IRevenueScheduleStore
{
    private static readonly EntityMap<RevenueSchedule> Map = EntityMap<RevenueSchedule>.Of(
        "billing_revenue_schedule",
        EntityColumn<RevenueSchedule>.Text("customer_id", item => item.Customer),
        EntityColumn<RevenueSchedule>.Text("invoice_id", item => item.Invoice),
        EntityColumn<RevenueSchedule>.Number("next_at", item => item.NextAt?.ToMicroseconds()));

    private readonly SqlDatabase _database = database;

    public async Task<IReadOnlyList<RevenueSchedule>> DueAsync(Instant now, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select body as Body, version as Version from billing_revenue_schedule where next_at <= @Now order by next_at limit @Limit",
            new { Now = now.ToMicroseconds(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }
}
