using System.Data.Common;
using System.Text.Json;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>The events that backfills hold, in <c>billing_usage_backfill_event</c>.</summary>
internal sealed class HeldEvents(SqlDatabase database)
{
    /// <summary>Keeps events within the transaction that has locked their backfill.</summary>
    public async Task<IReadOnlyList<AppendResult>> AddAsync(DbTransaction transaction, UsageBackfill backfill, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
    {
        await database.Dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
        var keys = events.Select(KeyOf).Distinct().ToList();
        var stored = await new EventStates(database.Dialect, transaction, backfill.Tenant).OfKeysAsync(keys, cancellationToken).ConfigureAwait(false);
        var held = (await transaction.BulkReadAsync<HashRow>(Hashes(), backfill.Tenant, keys.Select(key => new { source = key.Source, id = key.Id, backfill_id = backfill.Id }), cancellationToken).ConfigureAwait(false))
            .ToDictionary(row => (row.Source, row.Id), row => row.Hash);
        var (results, rows) = (new List<AppendResult>(events.Count), new List<object>());
        foreach (var item in events)
        {
            var outcome = held.TryGetValue(KeyOf(item), out var hash) ? (hash == item.Hash ? AppendOutcome.Duplicate : AppendOutcome.Conflict)
                : stored.TryGetValue(KeyOf(item), out var state) ? OutcomeOf(backfill, state, item)
                : AppendOutcome.Accepted;
            results.Add(new AppendResult(outcome));
            if (outcome is AppendOutcome.Accepted)
            {
                held[KeyOf(item)] = item.Hash;
                rows.Add(new { source = item.Event.Source, id = item.Event.Id, backfill_id = backfill.Id, hash = item.Hash, body = JsonSerializer.Serialize(item.Event with { Timestamp = item.At }, BillingJson.Options) });
            }
        }

        if (rows.Count > 0)
        {
            await transaction.BulkAsync(Insert(), backfill.Tenant, rows, cancellationToken).ConfigureAwait(false);
        }

        return results;
    }

    public async Task<IReadOnlyList<UsageEvent>> ReadAsync(TenantId tenant, UsageBackfillId id, UsageEvent? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var bodies = await connection.QueryAsync<string>(new CommandDefinition(
            $"select body from billing_usage_backfill_event where tenant_id = @Tenant and backfill_id = @Backfill{(after is null ? "" : " and (source, id) > (@Source, @Id)")} order by source, id limit @Limit",
            new { Tenant = tenant.ToString(), Backfill = id.ToString(), after?.Source, after?.Id, Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. bodies.Select(body => JsonSerializer.Deserialize<UsageEvent>(body, BillingJson.Options)!)];
    }

    public static Task<long> CountAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, UsageBackfillId id, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from billing_usage_backfill_event where tenant_id = @Tenant and backfill_id = @Backfill", new { Tenant = tenant.ToString(), Backfill = id.ToString() }, transaction, cancellationToken: cancellationToken));

    /// <summary>Forgets what a backfill holds.</summary>
    public static Task ForgetAsync(DbTransaction transaction, UsageBackfill backfill, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "delete from billing_usage_backfill_event where tenant_id = @Tenant and backfill_id = @Backfill",
            new { Tenant = backfill.Tenant.ToString(), Backfill = backfill.Id.ToString() }, transaction, cancellationToken: cancellationToken));

    // What a replacing backfill holds stays where it is: it must know of it, or would supersede it.
    private static AppendOutcome OutcomeOf(UsageBackfill backfill, EventState state, StampedEvent item) => BackfillMoves.Of(backfill, state, item) switch
    {
        BackfillMove.Refuse => AppendOutcome.Conflict,
        BackfillMove.Leave when !backfill.ReplaceExisting || !state.IsIn(backfill) => AppendOutcome.Duplicate,
        _ => AppendOutcome.Accepted,
    };

    private static (string Source, string Id) KeyOf(StampedEvent item) => (item.Event.Source, item.Event.Id);

    private string Hashes() =>
        $"""
        select h.source as Source, h.id as Id, h.hash as Hash
        from {database.Dialect.Rows("Rows", "source text", "id text", "backfill_id text")} as r
        cross join billing_usage_backfill_event as h
        where h.tenant_id = @Tenant and h.backfill_id = r.backfill_id and h.source = r.source and h.id = r.id
        """;

    private string Insert() =>
        $"""
        insert into billing_usage_backfill_event (tenant_id, backfill_id, source, id, hash, body, added)
        select @Tenant, r.backfill_id, r.source, r.id, r.hash, r.body, 0
        from {database.Dialect.Rows("Rows", "source text", "id text", "backfill_id text", "hash text", "body text")} as r
        """;

    private sealed record HashRow
    {
        public required string Source { get; init; }
        public required string Id { get; init; }
        public required string Hash { get; init; }
    }
}
