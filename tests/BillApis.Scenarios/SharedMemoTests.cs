namespace BillApis.Scenarios;

/// <summary>Two subscriptions to the same plan that one invoice bills, whose late usage is settled in two ways: what a memo takes back of the one is none of the other's.</summary>
public sealed class SharedMemoTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_memo_took_back_of_one_is_billed_of_the_other_still(string storage)
    {
        // 10 calls count for both, at 1.00. They were none: a memo takes the 10.00 of the one back, and with the other, whose commitment waits, its next invoice.
        await using var life = await StartAsync(storage, "2026-01-01");
        var usd = Currency.Parse("USD");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = LateUsagePolicy.CreditMemo }, Token);
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.SubscribeAsync("acme", "pro", with => with with { Commitment = new MinimumCommitment(Money.Of(15, usd), new BillingInterval(IntervalUnit.Month, 1)) });
        var wrong = await life.UseAsync("acme", "call", 10, "2026-01-10");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-11");
        await life.GoToAsync("2026-03-02");
        var memo = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.ShouldHaveSingleItem();
        (memo.Total.Amount, memo.IssuedAt).ShouldBe((10m, Day.Of("2026-02-11")));
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Lines.Select(line => (line.Kind, line.Amount.Amount)).Where(line => line.Amount != 0)).ShouldBe([
            [(LineKind.Usage, 10m), (LineKind.Usage, 10m), (LineKind.Commitment, 5m)],
            [(LineKind.Adjustment, -10m), (LineKind.Commitment, 15m), (LineKind.Commitment, 10m)]], await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, storage);
    }
}
