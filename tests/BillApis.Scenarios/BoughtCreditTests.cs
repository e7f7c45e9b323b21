namespace BillApis.Scenarios;

/// <summary>Bought and promotional credit on one bill.</summary>
public sealed class BoughtCreditTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_bought_credit_pays_first_is_not_discounted(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 30), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-01-10");
        var calls = (await life.Billing.Metrics.GetAsync(life.Tenant, "call", Token)).Id;
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(8, Currency.Parse("USD"))) { Category = CreditCategory.Paid, Priority = 1, Scope = new CreditScope { Metrics = [calls] } }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(10, Currency.Parse("USD"))) { Category = CreditCategory.Promotional, Priority = 2 }, Token);
        await life.UseAsync("acme", "call", 10, "2026-01-15");
        await life.GoToAsync("2026-02-01");

        // 8.00 of the calls will be paid, so that 10.00 fall on 30.00 and 2.00: 9.375 and 0.625, and the cent that is left goes to the earlier of two equal remainders.
        var bill = (await life.InvoicesAsync("acme"))[^1];
        var order = bill.Lines.OrderBy(line => line.Amount.Amount).ToList();
        order.Select(line => line.Amount.Amount).ShouldBe([10m, 30m]);
        order.Select(line => line.Credit!.Value.Amount).ShouldBe(bill.Lines[0].Amount.Amount == 30 ? [0.62m, 9.38m] : [0.63m, 9.37m]);
        (bill.Total.Amount, bill.Due.Amount).ShouldBe((30m, 22m));
        await BilledLives.RecomputeAsync(life, bill.Id.ToString());
    }
}
