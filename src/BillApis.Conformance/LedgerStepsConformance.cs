using System.Diagnostics;
using BillApis.Ledger;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="ILedger"/> does with transfers in two steps, limits and closed accounts.</summary>
public abstract class LedgerStepsConformance(StoreFixture fixture)
{
    private static readonly Asset Usd = new("USD", 8);
    private static readonly Account Bank = new(AccountKind.Clearing, Usd, "external");
    private static readonly Account Credit = new(AccountKind.CustomerCredit, Usd, "cus_a");
    private static readonly Account Earned = new(AccountKind.Revenue, Usd);
    private static readonly Instant Noon = Instant.FromUtc(2026, 2, 1, 12, 0);

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private ILedger Ledger => fixture.Get<ILedger>();

    [Fact]
    public async Task A_pending_amount_is_set_aside_and_posted_in_part()
    {
        await PostAsync(New(Bank, Credit, 100));
        var hold = Hold(Credit, Earned, 60);
        Assert.Equal([TransferResult.Created], await PostAsync(hold));
        Assert.Equal([new Balance(Credit, 0, 100, 60), new Balance(Earned, 0, 0, 0, 60)], await BalancesAsync(Credit, Earned));
        Assert.Equal([new Balance(Bank, 100, 0), new Balance(Credit.Control, 0, 100)], await Ledger.TrialBalanceAsync(_tenant, null, default));

        var post = Settle(hold, TransferStep.Post, 45) with { At = Noon + Duration.FromDays(40) };
        Assert.Equal([TransferResult.Created, TransferResult.Exists], await PostAsync(post, post));
        Assert.Equal([new Balance(Credit, 45, 100), new Balance(Earned, 0, 45)], await BalancesAsync(Credit, Earned));
        Assert.Equal([TransferResult.PendingAlreadyPosted, TransferResult.PendingAlreadyPosted], await PostAsync(Settle(hold, TransferStep.Post), Settle(hold, TransferStep.Void)));
        Assert.Equal([post, hold], (await Ledger.EntriesAsync(_tenant, Earned.IdIn(_tenant), new StoreQuery(), default)).Items);
        Assert.Empty(await Ledger.BalancesAsync(_tenant, [Earned.IdIn(_tenant)], Noon, default));
        Assert.Equal([new Balance(Earned, 0, 45)], await Ledger.BalancesAsync(_tenant, [Earned.IdIn(_tenant)], post.At, default));
    }

    [Fact]
    public async Task A_pending_amount_is_posted_whole_or_given_back()
    {
        var (first, second) = (Hold(Bank, Credit, 7), Hold(Bank, Credit, 5));
        Assert.Equal([TransferResult.Created, TransferResult.Created], await PostAsync(first, second));
        var (post, undo) = (Settle(first, TransferStep.Post), Settle(second, TransferStep.Void));
        Assert.Equal([TransferResult.Created, TransferResult.Created], await PostAsync(post, undo));
        Assert.Equal([TransferResult.Exists, TransferResult.Exists], await PostAsync(post with { Amount = 7 }, undo));
        Assert.Equal([TransferResult.PendingAlreadyVoided], await PostAsync(Settle(second, TransferStep.Post)));
        Assert.Equal([new Balance(Bank, 7, 0), new Balance(Credit, 0, 7)], await BalancesAsync(Bank, Credit));
    }

    [Fact]
    public async Task Only_a_pending_transfer_is_posted_and_only_as_what_it_is()
    {
        var (hold, plain) = (Hold(Bank, Credit, 7), New(Bank, Credit, 1));
        await PostAsync(hold, plain);
        var post = Settle(hold, TransferStep.Post);
        Assert.Equal(
            [
                TransferResult.PendingNotPending, TransferResult.PendingDifferentDebit, TransferResult.PendingDifferentCredit, TransferResult.PendingDifferentKind, TransferResult.ExceedsPending,
                TransferResult.PendingNotFound, TransferResult.IdAlreadyFailed, TransferResult.Created,
            ],
            await PostAsync(
                post with { Pending = plain.Id }, post with { Debit = Earned }, post with { Credit = Earned }, post with { Kind = TransferKind.InvoiceIssued }, post with { Amount = 8 },
                post with { Pending = EntityId.New<TransferId>() }, post, post with { Id = EntityId.New<TransferId>() }));
        Assert.Equal([new Balance(Credit, 0, 8)], await BalancesAsync(Credit));
    }

    [Fact]
    public async Task A_limit_holds_and_a_refused_id_is_used_up()
    {
        Assert.Equal([OpenResult.Opened, OpenResult.Exists, OpenResult.ExistsDifferentLimit], await Ledger.OpenAsync(
            _tenant, [new(Credit, BalanceLimit.DebitsWithinCredits), new(Credit, BalanceLimit.DebitsWithinCredits), new(Credit)], default));
        Assert.Equal([OpenResult.Exists, OpenResult.Opened], await Ledger.OpenAsync(_tenant, [new(Credit, BalanceLimit.DebitsWithinCredits), new(Bank, BalanceLimit.CreditsWithinDebits)], default));

        var use = New(Credit, Earned, 101);
        Assert.Equal([TransferResult.ExceedsCredits], await PostAsync(use));
        Assert.Equal([TransferResult.Created, TransferResult.IdAlreadyFailed], await PostAsync(New(Bank, Credit, 200), use));
        var hold = Hold(Credit, Earned, 150);
        Assert.Equal([TransferResult.Created, TransferResult.ExceedsCredits, TransferResult.Created], await PostAsync(hold, New(Credit, Earned, 51), New(Credit, Earned, 50)));
        Assert.Equal([TransferResult.Created, TransferResult.Created], await PostAsync(Settle(hold, TransferStep.Post, 100), New(Credit, Earned, 50)));
        Assert.Equal([TransferResult.ExceedsDebits, TransferResult.Created], await PostAsync(New(Earned, Bank, 201), New(Earned, Bank, 200)));
        Assert.Equal([new Balance(Bank, 200, 200), new Balance(Credit, 200, 200), new Balance(Earned, 200, 200)], await BalancesAsync(Bank, Credit, Earned));
    }

    [Fact]
    public async Task A_chain_that_breaks_a_limit_leaves_nothing_behind()
    {
        await Ledger.OpenAsync(_tenant, [new(Credit, BalanceLimit.DebitsWithinCredits)], default);
        var (first, second, third) = (New(Bank, Credit, 10) with { Linked = true }, New(Credit, Earned, 11) with { Linked = true }, New(Bank, Earned, 1));
        Assert.Equal([TransferResult.LinkedFailed, TransferResult.ExceedsCredits, TransferResult.LinkedFailed], await PostAsync(first, second, third));
        Assert.Empty(await BalancesAsync(Bank, Credit, Earned));

        // Only the id that was refused is used up, not those that fell with it.
        Assert.Equal([TransferResult.LinkedFailed, TransferResult.IdAlreadyFailed, TransferResult.LinkedFailed], await PostAsync(first, second, third));
        Assert.Equal([TransferResult.Created, TransferResult.Created, TransferResult.Created], await PostAsync(first, second with { Id = EntityId.New<TransferId>(), Amount = 10 }, third));
    }

    [Fact]
    public async Task A_closed_account_is_not_moved_until_it_is_opened_again()
    {
        var hold = Hold(Bank, Credit, 5);
        await PostAsync(New(Bank, Credit, 3), hold);
        var closing = Hold(Credit, Earned, 3) with { Closes = ClosedAccounts.Debit };
        Assert.Equal([TransferResult.Created], await PostAsync(closing));
        Assert.Equal([new Balance(Credit, 0, 3, 3, 5, Closed: true)], await BalancesAsync(Credit));
        Assert.Equal(
            [TransferResult.DebitClosed, TransferResult.CreditClosed, TransferResult.CreditClosed, TransferResult.Created],
            await PostAsync(New(Credit, Earned, 1), New(Bank, Credit, 1), Settle(hold, TransferStep.Post), Settle(hold, TransferStep.Void)));

        Assert.Equal([TransferResult.DebitClosed, TransferResult.Created, TransferResult.Created], await PostAsync(Settle(closing, TransferStep.Post), Settle(closing, TransferStep.Void), New(Credit, Earned, 3)));
        Assert.Equal([new Balance(Credit, 3, 3)], await BalancesAsync(Credit));
    }

    [Fact]
    public async Task What_is_pending_for_too_long_is_given_back()
    {
        await Ledger.OpenAsync(_tenant, [new(Credit, BalanceLimit.DebitsWithinCredits)], default);
        await PostAsync(New(Bank, Credit, 10));
        var (hold, closing) = (Hold(Credit, Earned, 10) with { TimeoutSeconds = 1 }, Hold(Bank, Earned, 1) with { TimeoutSeconds = 1, Closes = ClosedAccounts.Credit });
        Assert.Equal([TransferResult.Created, TransferResult.ExceedsCredits, TransferResult.Created, TransferResult.CreditClosed], await PostAsync(hold, New(Credit, Bank, 1), closing, New(Bank, Earned, 1)));

        var waited = Stopwatch.StartNew();
        while ((await BalancesAsync(Earned)).Count > 0)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), "the pending amount was never given back");
        }

        Assert.Equal([new Balance(Credit, 0, 10)], await BalancesAsync(Credit));
        Assert.Equal(
            [TransferResult.PendingExpired, TransferResult.PendingExpired, TransferResult.Created, TransferResult.Exists],
            await PostAsync(Settle(hold, TransferStep.Post), Settle(hold, TransferStep.Void), New(Credit, Earned, 10), hold));
    }

    [Fact]
    public async Task Nonsense_is_refused_at_once()
    {
        var (hold, plain) = (Hold(Bank, Credit, 5), New(Bank, Credit, 5));
        Transfer[] wrong =
        [
            plain with { Amount = -1 }, plain with { Id = default }, plain with { Cause = "" }, plain with { Cause = "seventeen letters" }, plain with { TimeoutSeconds = 1 }, plain with { Closes = ClosedAccounts.Debit },
            plain with { Pending = hold.Id }, hold with { Pending = plain.Id }, hold with { TimeoutSeconds = -1 }, Settle(hold, TransferStep.Void, 5), Settle(hold, TransferStep.Post, 0),
            Settle(hold, TransferStep.Post) with { Pending = null }, plain with { Debit = Bank with { Owner = "a processor of a long name" } },
        ];
        foreach (var transfer in wrong)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => PostAsync(plain, transfer));
        }

        Assert.Empty(await BalancesAsync(Bank, Credit));
    }

    private static Transfer New(Account debit, Account credit, long amount) => new()
    {
        Id = EntityId.New<TransferId>(),
        Debit = debit,
        Credit = credit,
        Amount = amount,
        At = Noon,
        Kind = TransferKind.PaymentReceived,
        Cause = EntityId.New<PaymentId>().ToString(),
    };

    private static Transfer Hold(Account debit, Account credit, long amount) => New(debit, credit, amount) with { Step = TransferStep.Pending };

    private static Transfer Settle(Transfer pending, TransferStep step, long amount = Transfer.WholePending) => New(pending.Debit, pending.Credit, amount) with { Step = step, Pending = pending.Id };

    private Task<IReadOnlyList<TransferResult>> PostAsync(params Transfer[] transfers) => Ledger.PostAsync(_tenant, transfers, default);

    private Task<IReadOnlyList<Balance>> BalancesAsync(params Account[] accounts) => Ledger.BalancesAsync(_tenant, [.. accounts.Select(account => account.IdIn(_tenant))], null, default);
}
