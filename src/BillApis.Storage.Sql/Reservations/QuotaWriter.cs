using System.Collections.Concurrent;
using System.Data.Common;
using BillApis.Storage.Sql.Metering;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>Applies the calls of many callers in one transaction: quotas are locked in one order, so that writers wait for each other and never in a circle.</summary>
internal sealed class QuotaWriter(SqlDatabase database)
{
    private const string KeyColumns = "customer_id, subject, starts_at";
    private const int KnownSize = 100_000;
    private static readonly string[] KeyTypes = ["customer_id text", "subject text", "starts_at bigint"];
    private readonly ConcurrentDictionary<(TenantId, QuotaKey), bool> _there = [];

    public Task ApplyAsync(TenantId tenant, IReadOnlyList<QuotaCall> calls) => database.TransactAsync(
        async transaction =>
        {
            var batch = new QuotaBatch();
            var settled = calls.OfType<SettleCall>().Any() ? await ReadAsync(transaction, tenant, calls.OfType<SettleCall>().Select(call => call.Id)).ConfigureAwait(false) : [];
            var wanted = calls.OfType<ReserveCall>().Select(call => call.Wanted.Quota).Distinct().ToList();
            await OpenAsync(transaction, tenant, wanted).ConfigureAwait(false);
            await LockAsync(transaction, tenant, batch, [.. wanted.Concat(settled.Select(item => item.Quota)).Distinct()]).ConfigureAwait(false);

            // Read again under the lock: another process may have ended them meanwhile.
            foreach (var known in await ReadAsync(transaction, tenant, calls.Select(call => call.Id)).ConfigureAwait(false))
            {
                batch.Add(known);
            }

            await ExpireAsync(transaction, tenant, batch).ConfigureAwait(false);
            Apply(batch, calls);
            await WriteAsync(transaction, tenant, batch).ConfigureAwait(false);
            return true;
        },
        default);

    /// <summary>Gives back what expired of some quotas of a tenant.</summary>
    public Task ExpireAsync(TenantId tenant, IReadOnlyList<QuotaKey> quotas) => database.TransactAsync(
        async transaction =>
        {
            var batch = new QuotaBatch();
            await LockAsync(transaction, tenant, batch, quotas).ConfigureAwait(false);
            await ExpireAsync(transaction, tenant, batch).ConfigureAwait(false);
            await WriteAsync(transaction, tenant, batch).ConfigureAwait(false);
            return true;
        },
        default);

    private static void Apply(QuotaBatch batch, IReadOnlyList<QuotaCall> calls)
    {
        foreach (var call in calls)
        {
            switch (call)
            {
                case ReserveCall reserve:
                    batch.Apply(reserve);
                    break;
                case SettleCall settle:
                    batch.Apply(settle);
                    break;
                default:
                    throw new InvalidOperationException($"Nothing applies a {call.GetType().Name}.");
            }
        }
    }

    // Rows of quotas are never deleted: one that was seen is there.
    private async Task OpenAsync(DbTransaction transaction, TenantId tenant, List<QuotaKey> quotas)
    {
        var fresh = quotas.Where(quota => !_there.ContainsKey((tenant, quota))).ToList();
        if (fresh.Count > 0)
        {
            await transaction.BulkAsync(
                $"""
                insert into billing_quota (tenant_id, {KeyColumns}, used, reserved)
                select @Tenant, r.customer_id, r.subject, r.starts_at, '0', '0' from {database.Dialect.Rows("Rows", KeyTypes)} as r
                where true
                order by r.customer_id, r.subject, r.starts_at
                on conflict do nothing
                """,
                tenant, fresh.Select(Row), default).ConfigureAwait(false);
        }
    }

    private async Task LockAsync(DbTransaction transaction, TenantId tenant, QuotaBatch batch, IReadOnlyList<QuotaKey> quotas)
    {
        if (quotas.Count == 0)
        {
            return;
        }

        var rows = await transaction.BulkReadAsync<QuotaRow>(
            $"""
            select customer_id as CustomerId, subject as Subject, starts_at as StartsAt, used as Used, reserved as Reserved, next_expiry as NextExpiry, {database.Dialect.Now} as Now
            from billing_quota
            where tenant_id = @Tenant and ({KeyColumns}) in (select r.customer_id, r.subject, r.starts_at from {database.Dialect.Rows("Rows", KeyTypes)} as r)
            order by customer_id, subject, starts_at
            {database.Dialect.ForUpdate}
            """,
            tenant, quotas.Select(Row), default).ConfigureAwait(false);
        foreach (var row in rows)
        {
            batch.Add(row);
            if (_there.Count > KnownSize)
            {
                _there.Clear();
            }

            _there[(tenant, row.Key)] = true;
        }
    }

    private async Task<List<Reservation>> ReadAsync(DbTransaction transaction, TenantId tenant, IEnumerable<ReservationId> ids)
    {
        var rows = await transaction.BulkReadAsync<ReservationRow>(
            $"select {ReservationRow.Columns} from billing_reservation where tenant_id = @Tenant and id in (select r.id from {database.Dialect.Rows("Rows", "id text")} as r)",
            tenant, ids.Select(id => new { id = id.ToString() }), default).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    private async Task ExpireAsync(DbTransaction transaction, TenantId tenant, QuotaBatch batch)
    {
        var expiring = batch.Expiring.ToList();
        if (expiring.Count == 0)
        {
            return;
        }

        var open = await transaction.BulkReadAsync<ReservationRow>(
            $"""
            select {ReservationRow.Columns} from billing_reservation
            where tenant_id = @Tenant and state = 'open' and ({KeyColumns}) in (select r.customer_id, r.subject, r.starts_at from {database.Dialect.Rows("Rows", KeyTypes)} as r)
            """,
            tenant, expiring.Select(Row), default).ConfigureAwait(false);
        var byQuota = open.Select(row => row.Read()).ToLookup(item => item.Quota);
        expiring.ForEach(quota => batch.Expire(quota, [.. byQuota[quota]]));
    }

    private async Task WriteAsync(DbTransaction transaction, TenantId tenant, QuotaBatch batch)
    {
        var (moved, added, changed) = (batch.Moved.ToList(), batch.Added.ToList(), batch.Changed.ToList());
        if (moved.Count > 0)
        {
            await transaction.BulkAsync(
                $"""
                update billing_quota set used = r.used, reserved = r.reserved, next_expiry = r.next_expiry
                from {database.Dialect.Rows("Rows", [.. KeyTypes, "used text", "reserved text", "next_expiry bigint"])} as r
                where billing_quota.tenant_id = @Tenant and billing_quota.customer_id = r.customer_id and billing_quota.subject = r.subject and billing_quota.starts_at = r.starts_at
                """,
                tenant,
                moved.Select(item => new
                {
                    customer_id = item.Key.Customer.ToString(), subject = item.Key.Subject, starts_at = item.Key.Start.ToMicroseconds(),
                    used = Exact.Format(item.Count.Used), reserved = Exact.Format(item.Count.Reserved), next_expiry = item.NextExpiry?.ToMicroseconds(),
                }),
                default).ConfigureAwait(false);
        }

        if (added.Count > 0)
        {
            await transaction.BulkAsync(Insert(), tenant, added.Select(ReservationRow.Write), default).ConfigureAwait(false);
        }

        if (changed.Count > 0)
        {
            await transaction.BulkAsync(
                $"""
                update billing_reservation set state = r.state, actual = r.actual
                from {database.Dialect.Rows("Rows", "id text", "state text", "actual text")} as r
                where billing_reservation.tenant_id = @Tenant and billing_reservation.id = r.id
                """,
                tenant, changed.Select(ReservationRow.Write), default).ConfigureAwait(false);
        }
    }

    private string Insert()
    {
        const string columns = $"id, {KeyColumns}, quantity, quota_limit, state, actual, expires_at";
        string[] types = ["id text", .. KeyTypes, "quantity text", "quota_limit text", "state text", "actual text", "expires_at bigint"];
        return $"insert into billing_reservation (tenant_id, {columns}) select @Tenant, {columns} from {database.Dialect.Rows("Rows", types)} as r";
    }

    private static object Row(QuotaKey quota) => new { customer_id = quota.Customer.ToString(), subject = quota.Subject, starts_at = quota.Start.ToMicroseconds() };
}
