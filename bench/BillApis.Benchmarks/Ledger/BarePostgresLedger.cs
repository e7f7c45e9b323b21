using BillApis.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace BillApis.Benchmarks.Ledger;

/// <summary>A ledger as one writes it first: a statement for each transfer, which adds two entries and moves two balances in the order of their ids, committed by itself.</summary>
internal sealed class BarePostgresLedger(string connectionString) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);
    private readonly Dictionary<Account, string> _ids = [];

    public async Task CreateAsync(IEnumerable<Transfer> transfers)
    {
        await using var create = _source.CreateCommand("""
            create table bare_account (id text primary key, debits bigint not null, credits bigint not null);
            create table bare_entry (transfer_id text not null, side bigint not null, account_id text not null, amount bigint not null, at bigint not null, cause text not null, primary key (transfer_id, side));
            create index bare_entry_account on bare_entry (account_id, at, transfer_id);
            """);
        await create.ExecuteNonQueryAsync();
        Learn(transfers);
        await using var insert = _source.CreateCommand("insert into bare_account (id, debits, credits) select unnest(@ids), 0, 0");
        insert.Parameters.Add(new NpgsqlParameter<string[]>("ids", NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = [.. _ids.Values] });
        await insert.ExecuteNonQueryAsync();
    }

    public void Learn(IEnumerable<Transfer> transfers)
    {
        foreach (var account in transfers.SelectMany(transfer => new[] { transfer.Debit, transfer.Credit }))
        {
            _ids.TryAdd(account, account.IdIn(TenantId.Default).ToString());
        }
    }

    public async Task PostAsync(IEnumerable<Transfer> transfers)
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            with entries as (insert into bare_entry (transfer_id, side, account_id, amount, at, cause) values (@id, 0, @debit, @amount, @at, @cause), (@id, 1, @credit, @amount, @at, @cause)),
            held as (select id from bare_account where id in (@debit, @credit) order by id for update)
            update bare_account as a set debits = debits + case a.id when @debit then @amount else 0 end, credits = credits + case a.id when @credit then @amount else 0 end
            from held where a.id = held.id
            """,
            connection);
        foreach (var name in (string[])["id", "debit", "credit", "cause"])
        {
            command.Parameters.Add(new NpgsqlParameter<string>(name, NpgsqlDbType.Text));
        }

        command.Parameters.Add(new NpgsqlParameter<long>("amount", NpgsqlDbType.Bigint));
        command.Parameters.Add(new NpgsqlParameter<long>("at", NpgsqlDbType.Bigint));
        await command.PrepareAsync();
        foreach (var transfer in transfers)
        {
            command.Parameters["id"].Value = transfer.Id.ToString();
            command.Parameters["debit"].Value = _ids[transfer.Debit];
            command.Parameters["credit"].Value = _ids[transfer.Credit];
            command.Parameters["cause"].Value = transfer.Cause;
            command.Parameters["amount"].Value = transfer.Amount;
            command.Parameters["at"].Value = transfer.At.ToUnixTimeTicks() / 10;
            await command.ExecuteNonQueryAsync();
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
