namespace BillApis.Storage.Sql.Metering;

/// <summary>The conditions for what a backfill is about.</summary>
internal static class BackfillScope
{
    public static object Parameters(TenantId tenant, UsageBackfill backfill) => new
    {
        Tenant = tenant.ToString(), Backfill = backfill.Id.ToString(), From = backfill.Period.Start.ToMicroseconds(), To = backfill.Period.End.ToMicroseconds(),
        Customer = backfill.Customer?.ToString(), Type = backfill.EventType, Reason = ReasonOf(backfill),
    };

    /// <summary>What stands on record beside all that a backfill changes.</summary>
    public static string ReasonOf(UsageBackfill backfill) => $"backfill {backfill.Id}";

    /// <summary>The view that finds its events.</summary>
    public static string Events(UsageBackfill backfill) => backfill.Customer is null ? EventRow.ByTime : EventRow.ByCustomer;

    /// <summary>Whether a row of events or corrections lies in it.</summary>
    public static string Holds(UsageBackfill backfill, string table) =>
        $"{table}.at >= @From and {table}.at < @To{(backfill.Customer is null ? "" : $" and {table}.customer_id = @Customer")}{(backfill.EventType is null ? "" : $" and {table}.type = @Type")}";

    /// <summary>Whether the backfill does not hold an event of the same key itself.</summary>
    public static string IsOther(string table) =>
        $"not exists (select 1 from billing_usage_backfill_event as h where h.tenant_id = @Tenant and h.backfill_id = @Backfill and h.source = {table}.source and h.id = {table}.id {UsageSql.OneByOne})";

    /// <summary>Whether an event as a whole is an orphan of a kind.</summary>
    public static string OrphanOf(string table, string kind) =>
        $"exists (select 1 from billing_usage_orphan as o where o.tenant_id = @Tenant and o.source = {table}.source and o.id = {table}.id and o.metric_id = '' and {kind} {UsageSql.OneByOne})";
}
