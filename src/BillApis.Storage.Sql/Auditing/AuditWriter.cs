using System.Data.Common;
using System.Text.Json;
using BillApis.Auditing;
using BillApis.Storage;
using Dapper;

namespace BillApis.Storage.Sql.Auditing;

/// <summary>Adds audit entries to the transaction of what they tell of, as the last thing in it: its lock on the head of the chain is held shortly, and after all others.</summary>
internal static class AuditWriter
{
    public static async Task<bool> AddAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, AuditSource source, IReadOnlyList<AuditChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return true;
        }

        if (AnsweredWork.Current is { } request)
        {
            request.Last(async last =>
            {
                await dialect.EnterAsync(last, tenant, CancellationToken.None).ConfigureAwait(false);
                await AddAsync(dialect, last, tenant, source, changes, CancellationToken.None).ConfigureAwait(false);
            });
            return true;
        }

        var key = new { Tenant = tenant.ToString() };
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "insert into billing_audit_head (tenant_id, sequence, hash) values (@Tenant, 0, '') on conflict do nothing", key, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        var head = await transaction.Connection!.QuerySingleAsync<HeadRow>(new CommandDefinition(
            $"select sequence as Sequence, hash as Hash from billing_audit_head where tenant_id = @Tenant {dialect.ForUpdate}", key, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);

        var (chain, rows) = (new AuditChain(head.Sequence, head.Hash), new List<object>());
        foreach (var change in changes)
        {
            (chain, var record) = chain.Append(source, change);
            rows.Add(new { sequence = chain.Sequence, at = source.At.ToMicroseconds(), actor = source.Actor, action = change.Action, object_id = change.Object, body = record.Body, hash = record.Hash });
        }

        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"""
            insert into billing_audit (tenant_id, sequence, at, actor, action, object_id, body, hash)
            select @Tenant, r.sequence, r.at, r.actor, r.action, r.object_id, r.body, r.hash
            from {dialect.Rows("Entries", "sequence bigint", "at bigint", "actor text", "action text", "object_id text", "body text", "hash text")} as r
            """,
            new { key.Tenant, Entries = JsonSerializer.Serialize(rows) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        await transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "update billing_audit_head set sequence = @Sequence, hash = @Hash where tenant_id = @Tenant", new { key.Tenant, chain.Sequence, chain.Hash }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return true;
    }

    private sealed record HeadRow
    {
        public required long Sequence { get; init; }
        public required string Hash { get; init; }
    }
}
