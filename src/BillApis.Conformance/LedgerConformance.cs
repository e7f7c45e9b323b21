using BillApis.Ledger;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ILedger"/> must do with one caller; derive once for each ledger.</summary>
public abstract class LedgerConformance(StoreFixture fixture)
{
    private static readonly Asset Usd = new("USD", 2);
    private static readonly Account Cash = new(AccountKind.Clearing, Usd, "external");
    private static readonly Account Owed = new(AccountKind.Receivable, Usd, "cus_a");
    private static readonly Account OwedByAnother = new(AccountKind.Receivable, Usd, "cus_b");
    private static readonly Account Earned = new(AccountKind.Revenue, Usd);
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 1, 12, 0);

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private ILedger Ledger => fixture.Get<ILedger>();

    [Fact]
    public async Task A_transfer_moves_both_balances_and_reads_back_equal()
    {
        var transfer = New(Owed, Earned, 12_34) with { At = Noon + Duration.FromNanoseconds(123_456_000), Cause = "inv_é'\"" };
        Assert.Equal([TransferResult.Created], await PostAsync(transfer));

        Assert.Equal([new Balance(Owed, 12_34, 0), new Balance(Earned, 0, 12_34)], await BalancesAsync(null, Owed, Earned, Cash));
        Assert.Equal([transfer], (await EntriesAsync(Owed, new StoreQuery())).Items);
        Assert.Equal([transfer], (await EntriesAsync(Earned, new StoreQuery())).Items);
    }

    [Fact]
    public async Task The_very_same_again_is_success_and_changes_nothing()
    {
        var transfer = New(Owed, Earned, 5);
        Assert.Equal([TransferResult.Created, TransferResult.Exists], await PostAsync(transfer, transfer));
        Assert.Equal([TransferResult.Exists], await PostAsync(transfer));
        Assert.Equal([new Balance(Owed, 5, 0)], await BalancesAsync(null, Owed));
    }

    [Fact]
    public async Task Another_transfer_under_a_taken_id_is_refused_and_the_result_says_what_differs()
    {
        var transfer = New(Owed, Earned, 5);
        await PostAsync(transfer);
        Transfer[] others =
        [
            transfer with { Step = TransferStep.Pending }, transfer with { Debit = Cash }, transfer with { Credit = Cash }, transfer with { Amount = 6 }, transfer with { Amount = 0 }, transfer with { Cause = "another" },
            transfer with { At = Noon + Duration.FromNanoseconds(1_000) }, transfer with { Kind = TransferKind.PaymentReceived },
        ];
        Assert.Equal(
            [
                TransferResult.ExistsDifferentStep, TransferResult.ExistsDifferentDebit, TransferResult.ExistsDifferentCredit, TransferResult.ExistsDifferentAmount, TransferResult.ExistsDifferentAmount,
                TransferResult.ExistsDifferentCause, TransferResult.ExistsDifferentTime, TransferResult.ExistsDifferentKind,
            ],
            await PostAsync(others));
        Assert.Equal([new Balance(Owed, 5, 0)], await BalancesAsync(null, Owed, Cash));
    }

    [Fact]
    public async Task What_would_not_balance_is_refused_and_the_rest_is_kept()
    {
        var good = New(Owed, Earned, 5);
        Assert.Equal(
            [TransferResult.AccountsSame, TransferResult.AmountNotPositive, TransferResult.AssetsDiffer, TransferResult.Created],
            await PostAsync(New(Owed, Owed, 5), New(Owed, Earned, 0), New(Owed, Earned with { Asset = new Asset("USD", 8) }, 5), good));
        Assert.Equal([good], (await EntriesAsync(Owed, new StoreQuery())).Items);
    }

    [Fact]
    public async Task A_chain_is_stored_whole_or_not_at_all()
    {
        var (first, second, bad) = (New(Owed, Earned, 1) with { Linked = true }, New(Owed, Cash, 2), New(Owed, Earned, 0));
        Assert.Equal(
            [TransferResult.LinkedFailed, TransferResult.AmountNotPositive, TransferResult.Created, TransferResult.LinkedFailed, TransferResult.LinkedChainOpen],
            await PostAsync(first, bad, second, first, second with { Linked = true }));
        Assert.Equal([new Balance(Owed, 2, 0)], await BalancesAsync(null, Owed, Earned));

        // Of a chain that is not stored whole, a member that is stored breaks the rest.
        Assert.Equal([TransferResult.LinkedFailed, TransferResult.Exists], await PostAsync(first, second));
        var third = New(Owed, Earned, 4);
        Assert.Equal([TransferResult.Created, TransferResult.Created], await PostAsync(first, third));
        Assert.Equal([TransferResult.Exists, TransferResult.Exists], await PostAsync(first, third));
        Assert.Equal([TransferResult.ExistsDifferentStep, TransferResult.Exists], await PostAsync(first with { Linked = false }, third));
        Assert.Equal([new Balance(Owed, 7, 0)], await BalancesAsync(null, Owed));
    }

    [Fact]
    public async Task A_balance_as_of_an_instant_counts_what_happened_until_then()
    {
        var second = Duration.FromSeconds(1);
        await PostAsync(New(Owed, Earned, 1), New(Owed, Earned, 10) with { At = Noon + second }, New(OwedByAnother, Earned, 100) with { At = Noon + second });

        Assert.Empty(await BalancesAsync(Noon - second, Owed, Earned));
        Assert.Equal([new Balance(Owed, 1, 0)], await BalancesAsync(Noon, Owed, OwedByAnother));
        Assert.Equal([new Balance(Owed, 11, 0)], await BalancesAsync(Noon + second, Owed));
        Assert.Equal([new Balance(Owed.Control, 1, 0), new Balance(Earned, 0, 1)], await Ledger.TrialBalanceAsync(_tenant, Noon, default));
        Assert.Equal([new Balance(Owed.Control, 111, 0), new Balance(Earned, 0, 111)], await Ledger.TrialBalanceAsync(_tenant, null, default));
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_and_may_use_the_same_ids()
    {
        var transfer = New(Owed, Earned, 5);
        await PostAsync(transfer);
        var other = EntityId.New<TenantId>();
        Assert.Empty(await Ledger.TrialBalanceAsync(other, null, default));
        Assert.Empty((await Ledger.EntriesAsync(other, Owed.IdIn(_tenant), new StoreQuery(), default)).Items);
        Assert.Empty(await Ledger.BalancesAsync(other, [Owed.IdIn(_tenant)], null, default));
        Assert.Empty((await Ledger.ListAsync(other, new StoreQuery(), default)).Items);
        Assert.Equal([TransferResult.Created], await Ledger.PostAsync(other, [transfer with { Amount = 7 }], default));
        Assert.Equal([new Balance(Owed, 5, 0)], await BalancesAsync(null, Owed));
    }

    [Fact]
    public async Task Entries_are_newest_first_and_pages_follow_on_while_more_is_posted()
    {
        var transfers = Enumerable.Range(0, 9).Select(i => New(i % 2 == 0 ? Owed : Cash, i % 2 == 0 ? Cash : Owed, 1 + i) with { At = Noon + Duration.FromSeconds(i / 3) }).ToArray();
        await PostAsync(transfers);

        var (seen, query) = (new List<Transfer>(), new StoreQuery { Limit = 4 });
        for (var page = await EntriesAsync(Owed, query); ; page = await EntriesAsync(Owed, query with { After = page.Next }))
        {
            seen.AddRange(page.Items);
            await PostAsync(New(Owed, Earned, 1) with { At = Noon + Duration.FromDays(1) });
            if (page.Next is null)
            {
                break;
            }
        }

        Assert.Equal(transfers.OrderByDescending(transfer => transfer.At).ThenByDescending(transfer => transfer.Id.ToString(), StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task Accounts_are_listed_by_kind_and_owner_in_pages()
    {
        await PostAsync(New(Owed, Earned, 1), New(OwedByAnother, Earned, 2), New(Cash, Owed, 1));
        var first = await Ledger.ListAsync(_tenant, new StoreQuery { Limit = 3 }, default);
        var second = await Ledger.ListAsync(_tenant, new StoreQuery { Limit = 3, After = first.Next }, default);
        Assert.Null(second.Next);
        Assert.Equal([new Balance(Cash, 1, 0), new Balance(Owed, 1, 1), new Balance(OwedByAnother, 2, 0), new Balance(Earned, 0, 3)], first.Items.Concat(second.Items));
        Assert.Equal([Owed, OwedByAnother], (await Ledger.ListAsync(_tenant, new StoreQuery().With("kind", "receivable"), default)).Items.Select(item => item.Account));
        Assert.Equal([OwedByAnother], (await Ledger.ListAsync(_tenant, new StoreQuery().With("kind", "receivable").With("owner", "cus_b"), default)).Items.Select(item => item.Account));
    }

    [Fact]
    public async Task A_batch_is_as_large_as_allowed_and_no_larger()
    {
        var batch = Enumerable.Range(0, ILedger.BatchSize + 1).Select(_ => New(Owed, Earned, 1) with { Linked = true }).ToArray();
        batch[^2] = batch[^2] with { Linked = false };
        await Assert.ThrowsAnyAsync<ArgumentException>(() => PostAsync(batch));
        Assert.All(await PostAsync(batch[..^1]), result => Assert.Equal(TransferResult.Created, result));
        Assert.Equal([new Balance(Owed, ILedger.BatchSize, 0)], await BalancesAsync(null, Owed));
        Assert.Empty(await PostAsync());
    }

    [Fact]
    public async Task A_canceled_token_stops_the_call()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ledger.PostAsync(_tenant, [New(Owed, Earned, 1)], source.Token));
    }

    private static Transfer New(Account debit, Account credit, long amount) => new()
    {
        Id = EntityId.New<TransferId>(),
        Debit = debit,
        Credit = credit,
        Amount = amount,
        At = Noon,
        Kind = TransferKind.InvoiceIssued,
        Cause = "inv_a",
    };

    private Task<IReadOnlyList<TransferResult>> PostAsync(params Transfer[] transfers) => Ledger.PostAsync(_tenant, transfers, default);

    private Task<IReadOnlyList<Balance>> BalancesAsync(Instant? asOf, params Account[] accounts) => Ledger.BalancesAsync(_tenant, [.. accounts.Select(account => account.IdIn(_tenant))], asOf, default);

    private Task<Page<Transfer>> EntriesAsync(Account account, StoreQuery query) => Ledger.EntriesAsync(_tenant, account.IdIn(_tenant), query, default);
}
