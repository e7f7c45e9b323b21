using System.Collections.Concurrent;
using BillApis.Storage.Sql.Metering;
using Dapper;

namespace BillApis.Postgres;

/// <summary>The numbers of the sources that events come from, which keep keys short; they never change.</summary>
internal sealed class PostgresUsageSources(PostgresDialect dialect)
{
    private const int MostKept = 10_000;
    private readonly ConcurrentDictionary<(TenantId Tenant, string Source), int> _numbers = [];

    /// <summary>The number of the source of each event; a new source gets one in a transaction of its own.</summary>
    public async Task<int[]> FindAsync(TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var (numbers, missing) = (new int[entries.Count], new HashSet<string>(StringComparer.Ordinal));
        var (last, number) = ((string?)null, 0);
        for (var i = 0; i < numbers.Length; i++)
        {
            var source = entries[i].Item.Event.Source;
            if (!string.Equals(source, last, StringComparison.Ordinal))
            {
                _ = _numbers.TryGetValue((tenant, source), out number) || missing.Add(source);
                last = source;
            }

            numbers[i] = number;
        }

        if (missing.Count == 0)
        {
            return numbers;
        }

        var found = await AddAsync(tenant, [.. missing.Order(StringComparer.Ordinal)], cancellationToken).ConfigureAwait(false);
        return [.. entries.Select((entry, i) => found.TryGetValue(entry.Item.Event.Source, out var added) ? added : numbers[i])];
    }

    private async Task<Dictionary<string, int>> AddAsync(TenantId tenant, string[] sources, CancellationToken cancellationToken)
    {
        await using var connection = await dialect.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await dialect.EnterAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
        var parameters = new { Tenant = tenant.ToString(), Sources = sources };
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into billing_usage_source (tenant_id, source) select @Tenant, r.source from unnest(@Sources) as r(source) on conflict do nothing", parameters, cancellationToken: cancellationToken)).ConfigureAwait(false);
        var found = (await connection.QueryAsync<(int No, string Source)>(new CommandDefinition(
            "select no, source from billing_usage_source where tenant_id = @Tenant and source = any(@Sources)", parameters, cancellationToken: cancellationToken)).ConfigureAwait(false)).ToDictionary(row => row.Source, row => row.No, StringComparer.Ordinal);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        if (_numbers.Count > MostKept)
        {
            _numbers.Clear();
        }

        foreach (var (source, no) in found)
        {
            _numbers[(tenant, source)] = no;
        }

        return found;
    }
}
