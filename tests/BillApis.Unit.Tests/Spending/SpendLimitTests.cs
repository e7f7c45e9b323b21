using BillApis.Ledger;
using NodaTime;

namespace BillApis.Unit.Tests.Spending;

public sealed class SpendLimitTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 4, 1, 0, 0);
    private static readonly Interval April = new(Start, Instant.FromUtc(2026, 5, 1, 0, 0));
    private static readonly Interval May = new(April.End, Instant.FromUtc(2026, 6, 1, 0, 0));

    [Fact]
    public void Each_threshold_is_told_once_in_a_month_however_spend_goes_up_and_down()
    {
        var limit = Limit();
        (limit, var reached) = limit.Observe(April, 49.99999999m, 1, Start);
        (reached.Length, limit.State).ShouldBe((0, SpendState.Ok));
        (limit, reached) = limit.Observe(April, 85, 2, Start);
        reached.Select(alert => alert.Threshold).ShouldBe([50m, 80m]);
        limit.State.ShouldBe(SpendState.Warning);
        (limit, reached) = limit.Observe(April, 10, 3, Start);
        reached.ShouldBeEmpty();
        (limit, reached) = limit.Observe(April, 100, 4, Start);
        reached.Select(alert => alert.Threshold).ShouldBe([100m]);
        limit.State.ShouldBe(SpendState.Exceeded);
        limit.Observe(April, 100, 4, Start).Limit.ShouldBeSameAs(limit);
        limit.Observe(April, 90, 3, Start).Limit.ShouldBeSameAs(limit, "what is older is not believed");
        (limit, reached) = limit.Observe(May, 60, 1, May.Start);
        reached.Select(alert => alert.Threshold).ShouldBe([50m]);
        limit.State.ShouldBe(SpendState.Warning);
        limit.Observe(April, 500, 9, May.Start).Limit.ShouldBeSameAs(limit, "April is over");
    }

    [Fact]
    public void A_reset_counts_from_what_was_spent_and_tells_again()
    {
        var limit = Limit().Observe(April, 100, 1, Start).Limit;
        limit.Acts(SpendAction.Block, Start).ShouldBeTrue();
        limit.Acts(SpendAction.Suspend, Start).ShouldBeFalse();
        limit.Acts(SpendAction.Block, April.End).ShouldBeFalse();
        limit = limit.Reset();
        (limit.State, limit.Month!.Counted, limit.Acts(SpendAction.Block, Start)).ShouldBe((SpendState.Ok, 0, false));
        limit.Observe(April, 150, 2, Start).Reached.Select(alert => (alert.Threshold, alert.Spent)).ShouldBe([(50m, 150m)]);
    }

    [Theory]
    [InlineData(30, 15, 0, 0, "60")]
    [InlineData(30, 0, 0, 0, "30")]
    [InlineData(30, 15, 10, 40, "120")]
    [InlineData(30, 15, 40, 40, "30")]
    [InlineData(10, 10, 3, 7, "23.33333333")]
    [InlineData(0, 10, 3, 7, "0")]
    public void A_month_is_forecast_by_the_one_before_or_in_a_straight_line(int spent, int days, int part, int whole, string expected) =>
        SpendForecast.Of(spent, April, Start + Duration.FromDays(days), part, whole).ShouldBe(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void The_same_part_of_another_month_is_a_share_of_its_length() =>
        SpendForecast.SamePart(April, Start + Duration.FromDays(15), May).ShouldBe(May.Start + Duration.FromHours(15 * 24 + 12));

    [Fact]
    public void What_moved_is_posted_from_the_customer_to_its_subscription_and_back_where_usage_was_taken_back()
    {
        var (customer, subscription) = (new Customer { Name = "Acme", Currency = Usd }, EntityId.New<SubscriptionId>());
        var (record, posting) = SpendRecord.Of(customer, April, Start).MoveTo(Spent(subscription, 0.123456785m), Start);
        posting.Single().ShouldSatisfyAllConditions(
            transfer => transfer.Amount.ShouldBe(12_345_679), transfer => transfer.Debit.Code.ShouldBe($"spend/USD/8/{subscription}"), transfer => transfer.Credit.Code.ShouldBe($"spend/USD/8/{customer.Id}"));
        record.Total(Usd).ShouldBe(0.12345679m);
        record.MoveTo(Spent(subscription, 0.12345679m), Start).Posting.ShouldBeEmpty();
        var back = record.WithVersion(1).MoveTo(Spent(subscription, 0.1m), Start).Posting.Single();
        (back.Amount, back.Debit.Owner, back.Id == posting[0].Id).ShouldBe((2_345_679, customer.Id.ToString(), false));
    }

    private static Dictionary<SubscriptionId, SubscriptionSpend> Spent(SubscriptionId subscription, decimal amount) => new() { [subscription] = SubscriptionSpend.Of(Usd, amount) };

    private static SpendLimit Limit() => new()
    {
        Id = EntityId.New<SpendLimitId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Monthly = Money.Round(100, Usd), Thresholds = [50, 80], Action = SpendAction.Block, CreatedAt = Start,
    };
}
