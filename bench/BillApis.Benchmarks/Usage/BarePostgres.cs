using BillApis.Metering;
using Npgsql;

namespace BillApis.Benchmarks.Usage;

/// <summary>The same rows by <c>insert … select unnest … on conflict do nothing</c>, unique by source and id; nothing is validated, looked up or counted.</summary>
internal sealed class BarePostgres : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private BarePostgres(NpgsqlDataSource source) => _source = source;

    public static async Task<BarePostgres> OpenAsync(string database)
    {
        var source = NpgsqlDataSource.Create(database);
        await using var create = source.CreateCommand(
            "create table bare (source text not null, id text not null, type text not null, customer text not null, at bigint not null, recorded_at bigint not null, properties text not null, unique (source, id))");
        await create.ExecuteNonQueryAsync();
        return new BarePostgres(source);
    }

    public async Task InsertAsync(IReadOnlyList<(UsageEvent Item, string Properties)> rows)
    {
        await using var insert = _source.CreateCommand(
            """
            insert into bare (source, id, type, customer, at, recorded_at, properties)
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]) on conflict do nothing
            """);
        var at = rows.Select(row => row.Item.Timestamp!.Value.ToUnixTimeTicks() / 10).ToArray();
        foreach (var column in (object[])[
            rows.Select(row => row.Item.Source).ToArray(), rows.Select(row => row.Item.Id).ToArray(), rows.Select(row => row.Item.Type).ToArray(),
            rows.Select(row => row.Item.Customer).ToArray(), at, at, rows.Select(row => row.Properties).ToArray()])
        {
            insert.Parameters.Add(new NpgsqlParameter { Value = column });
        }

        await insert.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
