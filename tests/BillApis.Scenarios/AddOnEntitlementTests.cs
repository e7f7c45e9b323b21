using System.Globalization;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Scenarios;

/// <summary>What add-ons grant over the time in which they are taken, by numbers made by hand.</summary>
public sealed class AddOnEntitlementTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_quota_of_an_add_on_counts_as_often_as_it_was_taken_from_its_beginning_to_its_end(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        await ShouldGrantAsync(life, calls: 100, export: false, seats: 5);
        await life.GoToAsync("2026-01-10");
        var added = await ChangeAsync(life, subscription, new AddAddOn("pack", 3));
        await ShouldGrantAsync(life, calls: 250, export: true, seats: 8);
        await ChangeAsync(life, subscription, new AddAddOn("pack", 0.5m));
        await ShouldGrantAsync(life, calls: 275, export: true, seats: 8);
        await life.GoToAsync("2026-01-20");
        await ChangeAsync(life, subscription, new RemoveAddOn(added.Timeline.Entries[^1].Number.ToString(CultureInfo.InvariantCulture)));
        await ShouldGrantAsync(life, calls: 125, export: true, seats: 8);
        await ChangeAsync(life, subscription, new RemoveAddOn("pack"));
        await ShouldGrantAsync(life, calls: 100, export: false, seats: 5);

        var limits = new List<decimal?>();
        foreach (var at in new[] { "2026-01-09T23:59:59Z", "2026-01-10T00:00:00Z", "2026-01-19T23:59:59Z", "2026-01-20T00:00:00Z" })
        {
            limits.Add((await life.Billing.Entitlements.ListAsync(life.Tenant, "acme", At(at), Stop)).Single(state => state.Granted.Feature.Code == "calls").Granted.Terms.Limit);
        }

        limits.ShouldBe([100, 275, 275, 100]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_add_on_that_begins_and_ends_later_does_so_by_itself(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        await ChangeAsync(life, subscription, new AddAddOn("pack", 2) { At = At("2026-01-15T00:00:00Z") });
        await ShouldGrantAsync(life, calls: 100, export: false, seats: 5);
        await life.GoToAsync("2026-01-15");
        await ShouldGrantAsync(life, calls: 200, export: true, seats: 8);
        await ChangeAsync(life, subscription, new RemoveAddOn("pack") { At = At("2026-02-01T00:00:00Z") });
        await ShouldGrantAsync(life, calls: 200, export: true, seats: 8);
        await life.GoToAsync("2026-02-01");
        await ShouldGrantAsync(life, calls: 100, export: false, seats: 5);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_added_keeps_its_terms_and_an_exception_stands_in_for_plan_and_add_on(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        await ChangeAsync(life, subscription, new AddAddOn("pack", 2));
        var calls = await life.Billing.Features.GetAsync(life.Tenant, "calls", Stop);
        await life.Billing.Prices.UpdateAsync(life.Tenant, "pack", price => price with { Entitlements = [Quota(calls, 1)] }, Stop);
        await ShouldGrantAsync(life, calls: 200, export: true, seats: 8);
        await ChangeAsync(life, subscription, new AddAddOn("pack", 4));
        await ShouldGrantAsync(life, calls: 204, export: true, seats: 8);
        var seats = (await life.Billing.Entitlements.ListAsync(life.Tenant, "acme", cancellationToken: Stop)).Single(state => state.Granted.Feature.Code == "seats").Granted.Sources;
        seats.Select(source => (source.Origin, source.Quantity, source.Terms.Limit)).ShouldBe([(EntitlementOrigin.Plan, 1m, 5m), (EntitlementOrigin.AddOn, 2m, 8m)]);
        await life.Billing.Entitlements.GrantAsync(life.Tenant, new NewEntitlement("acme", Quota(calls, 7)), Stop);
        await ShouldGrantAsync(life, calls: 7, export: true, seats: 8);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_price_grants_is_there_once_and_is_not_archived_while_it_is_granted(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await SubscribeAsync(life);
        var calls = await life.Billing.Features.GetAsync(life.Tenant, "calls", Stop);
        (await Should.ThrowAsync<BillingException>(() => PriceAsync(life, "twice", Quota(calls, 1), Quota(calls, 2)))).Message.ShouldContain("entitlements[1].feature_id");
        (await Should.ThrowAsync<BillingException>(() => PriceAsync(life, "unknown", Quota(new Feature { Code = "no", Name = "No" }, 1)))).Code.ShouldBe(BillingErrorCode.NotFound);
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Features.ArchiveAsync(life.Tenant, "export", Stop))).Message.ShouldContain("'pack'");
    }

    private static async Task<string> SubscribeAsync(Scenario life)
    {
        var (calls, export, seats) = (await FeatureAsync(life, "calls"), await FeatureAsync(life, "export"), await FeatureAsync(life, "seats"));
        await life.CustomerAsync();
        var plan = new Plan
        {
            Code = "pro", Name = "Pro", Currency = Currency.Parse("USD"),
            Versions = [new PlanVersion(1, [new PlanItem(await PriceAsync(life, "fee"))]) { Entitlements = [Quota(calls, 100), new Entitlement(seats.Id, EntitlementType.Static) { Limit = 5 }] }],
        };
        await life.Billing.Plans.CreateAsync(life.Tenant, plan, Stop);
        await life.Billing.Plans.PublishAsync(life.Tenant, "pro", Stop);
        await PriceAsync(life, "pack", Quota(calls, 50), new Entitlement(export.Id, EntitlementType.Boolean), new Entitlement(seats.Id, EntitlementType.Static) { Limit = 8 });
        return (await life.SubscribeAsync("acme", "pro")).Id.ToString();
    }

    private static async Task ShouldGrantAsync(Scenario life, decimal calls, bool export, decimal seats)
    {
        var entitlements = life.Billing.Entitlements;
        (await entitlements.CheckAsync(life.Tenant, "acme", "calls", 0, Stop)).Limit.ShouldBe(calls);
        (await entitlements.CheckAsync(life.Tenant, "acme", "export", 0, Stop)).Allowed.ShouldBe(export);
        (await entitlements.CheckAsync(life.Tenant, "acme", "seats", 0, Stop)).Limit.ShouldBe(seats);
    }

    private static async Task<Subscription> ChangeAsync(Scenario life, string subscription, SubscriptionChange change) =>
        (await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, change, Stop)).Subscription;

    private static Task<Feature> FeatureAsync(Scenario life, string code) => life.Billing.Features.CreateAsync(life.Tenant, new Feature { Code = code, Name = code }, Stop);

    private static Task<Price> PriceAsync(Scenario life, string code, params Entitlement[] granted)
    {
        var terms = new PriceTerms { Currency = Currency.Parse("USD"), Model = new FlatPrice(10), Timing = BillingTiming.InAdvance };
        return life.Billing.Prices.CreateAsync(life.Tenant, new Price { Code = code, Terms = terms, Entitlements = [.. granted] }, Stop);
    }

    private static Entitlement Quota(Feature feature, decimal limit) => new(feature.Id, EntitlementType.Metered) { Limit = limit };

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;
}
