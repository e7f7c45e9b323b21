using BillApis.Ledger;
using NodaTime;

namespace BillApis;

/// <summary>Reads the books: accounts, what moved them, and the trial balance.</summary>
public sealed class Books(ILedger ledger)
{
    /// <summary>Lists accounts by code, each with its balance; filtered by <c>kind</c> and <c>owner</c>.</summary>
    /// <exception cref="BillingException">There is no such kind of account.</exception>
    public Task<Page<Balance>> ListAccountsAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.Where.TryGetValue("kind", out var kind) && !ChartOfAccounts.TryParseName(kind, out _)
            ? throw BillingException.Field("kind", $"must be one of {string.Join(", ", Enum.GetValues<AccountKind>().Select(ChartOfAccounts.NameOf))}")
            : ledger.ListAsync(tenant, query, cancellationToken);
    }

    /// <summary>What moved an account, newest first.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="reference">The id of the account, or its code.</param>
    /// <param name="query">Which page.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">The tenant has no such account.</exception>
    public async Task<Page<Entry>> ListEntriesAsync(TenantId tenant, string reference, StoreQuery query, CancellationToken cancellationToken = default)
    {
        var account = await AccountAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        return await EntriesAsync(tenant, account, query, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same of an account that is known.</summary>
    internal async Task<Page<Entry>> EntriesAsync(TenantId tenant, Account account, StoreQuery query, CancellationToken cancellationToken)
    {
        var transfers = await ledger.EntriesAsync(tenant, account.IdIn(tenant), query, cancellationToken).ConfigureAwait(false);
        return transfers.Select(transfer => new Entry(transfer, transfer.Debit == account ? EntrySide.Debit : EntrySide.Credit));
    }

    /// <summary>The account of an id or code.</summary>
    /// <exception cref="BillingException">The tenant has no such account.</exception>
    internal async Task<Account> AccountAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        var id = Account.TryParse(reference, out var named) ? named.IdIn(tenant) : EntityId.TryParse<AccountId>(reference, out var given) ? given : throw BillingException.NotFound("account", reference);
        var balance = await ledger.BalancesAsync(tenant, [id], null, cancellationToken).ConfigureAwait(false);
        return balance.SingleOrDefault()?.Account ?? throw BillingException.NotFound("account", reference);
    }

    /// <summary>Debits and credits of every account of the general ledger, now or as of an instant that counts itself. Spend has books of its own and is left out.</summary>
    public async Task<TrialBalance> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken = default) =>
        new(asOf, [.. (await ledger.TrialBalanceAsync(tenant, asOf, cancellationToken).ConfigureAwait(false)).Where(line => line.Account.Kind is not AccountKind.Spend)]);

    /// <summary>Counts every balance anew from the transfers, and answers those that the ledger keeps otherwise; none is how it should be.</summary>
    public Task<IReadOnlyList<BalanceDifference>> VerifyAsync(TenantId tenant, CancellationToken cancellationToken = default) => ledger.VerifyAsync(tenant, cancellationToken);

    /// <summary>Sets every balance to what the transfers give.</summary>
    public Task RebuildAsync(TenantId tenant, CancellationToken cancellationToken = default) => ledger.RebuildAsync(tenant, cancellationToken);
}
