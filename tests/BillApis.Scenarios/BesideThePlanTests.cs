using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Add-ons, levels, tiers and agreed prices over months that changes cut.</summary>
public sealed class BesideThePlanTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Add_ons_begin_and_end_within_the_month_by_cycles_of_their_own(string storage)
    {
        // Support has 30 days from June 10; the backup is for half of June, of which a sixth comes back. Both end: support with the subscription's month, of whose second period July 10 to August 1 are 22 of 31 days.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 30));
        await life.PlanAsync("extras", Offer.Fee("support", 31), Offer.Fee("backup", 15));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-06-10", new AddAddOn("support"));
        await ChangeOnAsync(life, "2026-06-16", new AddAddOn("backup", 1, OwnCycle: false));
        await ChangeOnAsync(life, "2026-06-26", new RemoveAddOn("backup") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-12");
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, await SubscriptionAsync(life), new RemoveAddOn("support") { When = ChangeWhen.PeriodEnd }, Token);
        await ChangeOnAsync(life, "2026-07-12", new RemoveAddOn("support") { When = ChangeWhen.PeriodEnd });
        preview.At.ShouldBe(Day.Of("2026-08-01"));
        await life.GoToAsync("2026-09-01");
        (await life.InvoicesAsync("acme"))[6].Id.ShouldBe(preview.Invoice!.Id);
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              fee 2026-06-01..2026-07-01: 30.00
            2026-06-10 invoice: 31.00
              support 2026-06-10..2026-07-10: 31.00
            2026-06-16 invoice: 7.50
              backup 2026-06-16..2026-07-01 (1/2): 7.50
            2026-06-26 invoice: -2.50, due 0.00 (paid)
              backup: unused time 2026-06-26..2026-07-01 (1/6): -2.50
            2026-07-01 invoice: 30.00, due 27.50
              fee 2026-07-01..2026-08-01: 30.00
              paid credit: -2.50
            2026-07-10 invoice: 31.00
              support 2026-07-10..2026-08-10: 31.00
            2026-08-01 invoice: 21.00
              fee 2026-08-01..2026-09-01: 30.00
              support: unused time 2026-08-01..2026-08-10 (9/31): -9.00
            2026-09-01 invoice: 30.00
              fee 2026-09-01..2026-10-01: 30.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Add_ons_in_quantity_outlive_the_plan_and_end_with_the_subscription(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 30));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 60));
        await life.PlanAsync("extras", Offer.Seats("box", 5));
        await life.SubscribeAsync("acme", "basic");
        await ChangeOnAsync(life, "2026-06-10", new AddAddOn("box", 2));
        await ChangeOnAsync(life, "2026-06-20", new ChangePlan("pro") { When = ChangeWhen.PeriodEnd });
        await ChangeOnAsync(life, "2026-07-20", new Cancel { When = ChangeWhen.Immediate });
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-01", 30m), ("2026-06-10", 10m), ("2026-07-01", 60m), ("2026-07-10", 10m), ("2026-07-20", -30m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_metered_add_on_is_counted_from_its_first_day_to_its_last(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 30));
        await life.PlanAsync("extras", Offer.Usage("sms", "sms", new PerUnitPrice(0.1m)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "sms", 100, "2026-06-05");
        await life.UseAsync("acme", "sms", 200, "2026-06-15");
        await life.UseAsync("acme", "sms", 50, "2026-07-12");
        await ChangeOnAsync(life, "2026-06-10", new AddAddOn("sms"));
        await ChangeOnAsync(life, "2026-07-20", new RemoveAddOn("sms") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-25");
        await life.UseAsync("acme", "sms", 10, "2026-06-20");
        await life.UseAsync("acme", "sms", 20, "2026-07-15");
        await life.UseAsync("acme", "sms", 7, "2026-07-22");
        await life.GoToAsync("2026-08-01");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-07-10", 20m), ("2026-07-20", 5m), ("2026-08-01", 33m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_half_of_a_month_goes_through_the_tiers_of_its_plan(string storage)
    {
        // 10 × 1.00 + 15 × 0.50 + 3.00, and 30 × 0.60 + 15.00: what a tier costs as it is entered is not prorated.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("graduated", Offer.Usage("g-calls", "call", new GraduatedPrice([new Tier(10, 1, 0), new Tier(null, 0.5m, 3)])));
        await life.PlanAsync("volume", Offer.Usage("v-calls", "call", new VolumePrice([new Tier(20, 0.8m, 0), new Tier(null, 0.6m, 15)])));
        await life.SubscribeAsync("acme", "graduated");
        await life.UseAsync("acme", "call", 25, "2026-06-10T23:59:59");
        await life.UseAsync("acme", "call", 30, "2026-06-11");
        await ChangeOnAsync(life, "2026-06-11", new ChangePlan("volume") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-02");
        await life.UseAsync("acme", "call", 5, "2026-06-09");
        await life.UseAsync("acme", "call", 2, "2026-07-02");
        await life.GoToAsync("2026-08-01");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([20.5m, 33m, 1.6m + 2.5m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_level_that_recurs_goes_on_after_a_pause_over_a_months_end(string storage)
    {
        // 60 × 10/30; 90 × 21/31 = 60.97; 90 − 40 × 16/31 = 69.35.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "stored", Name = "Stored", EventType = "stored", Aggregation = Aggregation.WeightedSum, Property = "value", Recurring = true }, Token);
        await life.PlanAsync("basic", Offer.Usage("disk", "stored", new PerUnitPrice(1)), Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "basic");
        await life.UseAsync("acme", "stored", 60, "2026-06-01");
        await life.UseAsync("acme", "stored", 30, "2026-06-20");
        await life.UseAsync("acme", "stored", -40, "2026-08-16");
        await ChangeOnAsync(life, "2026-06-11", new Pause { When = ChangeWhen.Immediate, ResumeAt = Day.Of("2026-07-11") });
        await life.GoToAsync("2026-09-01");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is LineKind.Usage && !line.Amount.IsZero).Select(line => line.Amount.Amount).ShouldBe([20m, 60.97m, 69.35m]);
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is not LineKind.Usage).Select(line => line.Amount.Amount).ShouldBe([31m, -20.67m, 21m, 31m, 31m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_costs_what_was_agreed_in_its_month(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 50, "2026-06-15");
        await life.UseAsync("acme", "call", 50, "2026-07-15");
        await ChangeOnAsync(life, "2026-06-20", new ChangePrices(ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("calls", plan.Latest.Items[0].Price.Terms with { Model = new PerUnitPrice(0.8m) })) { When = ChangeWhen.PeriodEnd });
        await life.GoToAsync("2026-07-05");
        await life.UseAsync("acme", "call", 10, "2026-06-15");
        await life.GoToAsync("2026-08-05");
        await life.UseAsync("acme", "call", 10, "2026-07-15");
        await life.GoToAsync("2026-09-01");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([50m, 50m, 8m]);
        await BilledLives.ProveAsync(life);
    }
}
