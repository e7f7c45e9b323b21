using System.Collections.Immutable;
using BillApis.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/ledger</c>: reading the books.</summary>
internal static class LedgerEndpoints
{
    public static void MapLedger(this IEndpointRouteBuilder api)
    {
        var ledger = api.MapGroup("/ledger").WithTags("Ledger").Requires("ledger");
        ledger.MapGet("/accounts", ListAccountsAsync).WithSummary("List accounts with their balances, by code");
        ledger.MapGet("/accounts/{id}/entries", ListEntriesAsync).WithSummary("What moved an account, newest first");
        ledger.MapGet("/trial-balance", GetTrialBalanceAsync).WithSummary("Debits and credits of every account; the sums of a currency are equal");
    }

    internal static async Task<Page<AccountResponse>> ListAccountsAsync(Query<AccountQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var filter = sent.ToStoreQuery().With("kind", sent.Kind is { } kind ? ChartOfAccounts.NameOf(kind) : null)
            .With("owner", (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        var accounts = await billing.Books.ListAccountsAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false);
        return accounts.Select(balance => AccountResponse.From(caller.Tenant, balance));
    }

    internal static async Task<Page<EntryResponse>> ListEntriesAsync(string id, Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var entries = await billing.Books.ListEntriesAsync(caller.Tenant, id, query.Value.ToStoreQuery(), cancellationToken).ConfigureAwait(false);
        return entries.Select(entry => EntryResponse.From(caller.Tenant, entry));
    }

    internal static async Task<TrialBalanceResponse> GetTrialBalanceAsync(Query<TrialBalanceQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        TrialBalanceResponse.From(await billing.Books.TrialBalanceAsync(caller.Tenant, query.Value.AsOf, cancellationToken).ConfigureAwait(false));
}

internal sealed record AccountQuery : Paging
{
    public AccountKind? Kind { get; init; }
    public string? CustomerId { get; init; }
}

internal sealed record TrialBalanceQuery
{
    public Instant? AsOf { get; init; }
}

internal sealed record AccountResponse(AccountId Id, string Code, AccountKind Kind, string Currency, string? Owner, EntrySide NormalSide, decimal Debits, decimal Credits, decimal Balance)
{
    public static AccountResponse From(TenantId tenant, Balance balance)
    {
        var (account, asset) = (balance.Account, balance.Account.Asset);
        return new(
            account.IdIn(tenant), account.Code, account.Kind, asset.Code, account.Owner, ChartOfAccounts.NormalSideOf(account.Kind),
            asset.ToMajorUnits(balance.Debits), asset.ToMajorUnits(balance.Credits), asset.ToMajorUnits(balance.Net));
    }
}

internal sealed record EntryResponse(TransferId Id, Instant At, EntrySide Side, decimal Amount, string Currency, AccountId CounterpartId, string Counterpart, TransferKind Kind, TransferStep Step, string Cause)
{
    public static EntryResponse From(TenantId tenant, Entry entry)
    {
        var transfer = entry.Transfer;
        return new(
            transfer.Id, transfer.At, entry.Side, transfer.Asset.ToMajorUnits(transfer.Amount), transfer.Asset.Code,
            entry.Counterpart.IdIn(tenant), entry.Counterpart.Code, transfer.Kind, transfer.Step, transfer.Cause);
    }
}

internal sealed record TrialBalanceResponse(Instant? AsOf, ImmutableArray<TrialBalanceLineResponse> Accounts, ImmutableArray<TrialBalanceTotalResponse> Totals)
{
    public static TrialBalanceResponse From(TrialBalance trial) => new(
        trial.AsOf,
        [.. trial.Lines.Select(TrialBalanceLineResponse.From)],
        [.. trial.Totals.Select(total => new TrialBalanceTotalResponse(total.Asset.Code, total.Asset.ToMajorUnits(total.Debits), total.Asset.ToMajorUnits(total.Credits)))]);
}

/// <summary>One account of the general ledger; a customer's account is part of the one of all customers.</summary>
internal sealed record TrialBalanceLineResponse(string Account, AccountKind Kind, string Currency, decimal Debits, decimal Credits, decimal Balance)
{
    public static TrialBalanceLineResponse From(Balance balance)
    {
        var asset = balance.Account.Asset;
        return new(balance.Account.Code, balance.Account.Kind, asset.Code, asset.ToMajorUnits(balance.Debits), asset.ToMajorUnits(balance.Credits), asset.ToMajorUnits(balance.Net));
    }
}

internal sealed record TrialBalanceTotalResponse(string Currency, decimal Debits, decimal Credits);
