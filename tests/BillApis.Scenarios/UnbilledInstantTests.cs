using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Scenarios;

/// <summary>A pause that is taken back at its own instant before that was billed changes nothing: its period is charged as a whole.</summary>
public sealed class UnbilledInstantTests(Databases databases) : LifeTests(databases)
{
    private static readonly MinimumCommitment _commitment = new(Money.Of(310, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1));
    private readonly Databases _databases = databases;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_only_a_draft_was_kept_of_is_charged_as_a_whole(string storage)
    {
        // In January 31.00 in arrears and 900 calls in one package of 10.00; and 440 calls at 1.00, more than the 310.00 that were promised.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { DraftHours = 24 }, Token);
        var subscriptions = await SubscribedAsync(life);
        await UseAsync(life, 600, 40, "2026-01-10");
        await life.GoToAsync("2026-01-17T09:00");
        await PausedAsync(life, subscriptions, "2026-01-17");
        await UseAsync(life, 300, 400, "2026-01-20");
        await life.GoToAsync("2026-02-03");
        await TotalsAsync(life, [31m, 10m], [440m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_waits_for_the_grace_of_an_earlier_boundary_is_charged_as_a_whole(string storage)
    {
        // January, with nothing used, is billed an hour after its end only; by then February was paused and taken up again. 310.00 are missing in January, and nothing in February.
        await using var life = await Scenario.StartAsync(
            builder =>
            {
                _databases.Use(storage, builder);
                builder.Services.PostConfigure<BillingOptions>(options => options.UsageGrace = Duration.FromHours(1));
            },
            "2026-01-01",
            Token);
        var subscriptions = await SubscribedAsync(life);
        life.Clock.MoveTo(Day.Of("2026-02-01T00:30"));
        await UseAsync(life, 600, 400, "2026-02-01T00:10");
        await PausedAsync(life, subscriptions, "2026-02-01T00:20");
        await UseAsync(life, 300, 40, "2026-02-10");
        await life.GoToAsync("2026-03-02");
        await TotalsAsync(life, [31m, 31m, 10m], [310m, 440m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_billed_at_the_instant_before_the_pause_ends_nothing_either(string storage)
    {
        // An add-on of 5.00 is issued on the 17th, and of the pause that follows at that instant only a draft is kept.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { DraftHours = 24 }, Token);
        await life.PlanAsync("extra", Offer.Fee("extra", 5).Having(terms => terms with { Interval = null }));
        var subscriptions = await SubscribedAsync(life);
        await UseAsync(life, 600, 40, "2026-01-10");
        await life.GoToAsync("2026-01-17");
        foreach (var subscription in subscriptions)
        {
            var added = await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new AddAddOn("extra", 1, true) { When = ChangeWhen.Immediate }, Token);
            await life.Billing.Invoices.IssueAsync(life.Tenant, added.Subscription.Draft!.Value.ToString(), Token);
        }

        await PausedAsync(life, subscriptions, "2026-01-17");
        await UseAsync(life, 300, 400, "2026-01-20");
        await life.GoToAsync("2026-02-03");
        await TotalsAsync(life, [5m, 31m, 10m], [5m, 440m]);
    }

    private static async Task<ImmutableArray<string>> SubscribedAsync(Scenario life)
    {
        await life.CustomerAsync();
        await life.CustomerAsync("beta");
        await life.PlanAsync("whole", Offer.Fee("fee", 31).Having(terms => terms with { Timing = BillingTiming.InArrears, Proration = Proration.None }), Offer.Usage("pack", "call", new PackagePrice(1_000, 10)));
        await life.PlanAsync("promised", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var whole = await life.SubscribeAsync("acme", "whole");
        var promised = await life.SubscribeAsync("beta", "promised", with => with with { Commitment = _commitment });
        return [whole.Id.ToString(), promised.Id.ToString()];
    }

    private static async Task UseAsync(Scenario life, decimal packed, decimal promised, string at)
    {
        await life.UseAsync("acme", "call", packed, at);
        await life.UseAsync("beta", "call", promised, at);
    }

    private static async Task PausedAsync(Scenario life, ImmutableArray<string> subscriptions, string at)
    {
        foreach (var subscription in subscriptions)
        {
            await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Pause { At = Day.Of(at) }, Token);
            await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Resume { At = Day.Of(at) }, Token);
        }
    }

    private static async Task TotalsAsync(Scenario life, decimal[] acme, decimal[] beta)
    {
        (await IssuedAsync(life, "acme")).ShouldBe(acme, ignoreOrder: true);
        (await IssuedAsync(life, "beta")).Sum().ShouldBe(beta.Sum());
        foreach (var invoice in (await life.InvoicesAsync("acme")).Where(invoice => invoice.IssuedAt is not null))
        {
            await BilledLives.VerifyAsync(life, invoice, invoice.Id.ToString());
        }
    }

    private static async Task<IEnumerable<decimal>> IssuedAsync(Scenario life, string customer) =>
        (await life.InvoicesAsync(customer)).Where(invoice => invoice.IssuedAt is not null).SelectMany(invoice => invoice.Lines).Select(line => line.Amount.Amount).Where(amount => amount != 0);
}
