using System.Data.Common;
using System.Text.Json;
using Dapper;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Pending transfers whose time is over by the database's clock: their amounts are given back before anybody sees or uses the balances.</summary>
internal sealed class ExpiredTransfers(SqlDatabase database, AccountRows accountRows)
{
    private string Overdue => $"tenant_id = @Tenant and state = {(int)PendingState.Pending} and expires_at <= {database.Dialect.Now}";

    public Task<bool> AnyAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteScalarAsync<bool>(new CommandDefinition(
            $"select exists (select 1 from billing_transfer_pending where {Overdue})", new { Tenant = tenant.ToString() }, transaction, cancellationToken: cancellationToken));

    /// <summary>Gives back what is overdue; answers whether anything was.</summary>
    public Task<bool> GiveBackAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(tenant, transaction => GiveBackAsync(transaction, tenant, cancellationToken), cancellationToken);

    private async Task<bool> GiveBackAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var parameters = new { Tenant = tenant.ToString() };
        var overdue = (await transaction.Connection!.QueryAsync<(string Id, string Debit, string Credit)>(new CommandDefinition(
            $"select id, debit_id, credit_id from billing_transfer_pending where {Overdue}", parameters, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        if (overdue.Count == 0)
        {
            return false;
        }

        // With the accounts held, nobody posts or voids these any more; those that somebody did meanwhile are left alone.
        var accounts = await accountRows.LockAsync(transaction, tenant, overdue.SelectMany(row => new[] { row.Debit, row.Credit }).Distinct(), cancellationToken).ConfigureAwait(false);
        var rows = await transaction.Connection!.QueryAsync<PendingRow>(new CommandDefinition(
            $"""
            update billing_transfer_pending set state = {(int)PendingState.Expired}
            where tenant_id = @Tenant and state = {(int)PendingState.Pending} and id in (select r.value from {database.Dialect.Texts("Ids")} as r)
            returning id as Id, debit_id as DebitId, credit_id as CreditId, amount as Amount, closes as Closes, state as State
            """,
            new { parameters.Tenant, Ids = JsonSerializer.Serialize(overdue.Select(row => row.Id)) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        foreach (var row in rows)
        {
            var (debit, credit) = (accounts[row.DebitId], accounts[row.CreditId]);
            (debit.DebitsPending, credit.CreditsPending) = (debit.DebitsPending - row.Amount, credit.CreditsPending - row.Amount);
            (debit.Closed, credit.Closed) = (row.ClosesDebit ? 0 : debit.Closed, row.ClosesCredit ? 0 : credit.Closed);
        }

        await accountRows.SaveAsync(transaction, tenant, accounts.Values, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
