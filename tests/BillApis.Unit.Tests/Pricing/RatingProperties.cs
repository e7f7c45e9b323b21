using System.Collections.Immutable;
using BillApis.Pricing;
using FsCheck;
using FsCheck.Fluent;

namespace BillApis.Unit.Tests.Pricing;

public sealed class RatingProperties
{
    private static readonly Gen<decimal> Prices = Gen.Choose(0, 1_000_000).Select(number => number / 10_000m);

    private static readonly Gen<decimal> Quantities = Gen.OneOf(
        Gen.Choose(0, 5_000).Select(number => (decimal)number),
        Gen.Choose(0, 50_000_000).Select(number => number / 10_000m));

    private static readonly Gen<ImmutableArray<Tier>> TierLists =
        from bounds in Gen.Choose(1, 3_000).ListOf()
        let rising = bounds.Distinct().Order().Take(8).ToArray()
        from units in Prices.ArrayOf(rising.Length + 1)
        from flats in Prices.ArrayOf(rising.Length + 1)
        select units.Select((unit, i) => new Tier(i < rising.Length ? rising[i] : null, unit, flats[i])).ToImmutableArray();

    private static readonly Gen<PriceModel> RisingModels = Gen.OneOf(
        Prices.Select(price => (PriceModel)new FlatPrice(price)),
        Prices.Select(price => (PriceModel)new PerUnitPrice(price)),
        TierLists.Select(tiers => (PriceModel)new GraduatedPrice(tiers)),
        TierLists.Select(tiers => (PriceModel)new StairstepPrice(Rising(tiers))),
        from size in Gen.Choose(1, 500) from price in Prices from up in Gen.Elements(PackageRounding.Up, PackageRounding.Down) select (PriceModel)new PackagePrice(size, price, up),
        TierLists.Select(tiers => (PriceModel)new GraduatedPercentagePrice([.. tiers.Select(tier => new RateTier(tier.UpTo, tier.UnitAmount, tier.FlatAmount))])));

    [Fact]
    public void More_usage_never_costs_less_where_the_model_rises() =>
        Holds(from model in RisingModels from less in Quantities from more in Quantities select (model, less, more: less + more), sample =>
            Amount(sample.model, sample.less) <= Amount(sample.model, sample.more));

    [Fact]
    public void A_price_per_unit_is_additive() =>
        Holds(from price in Prices from one in Quantities from other in Quantities select (model: new PerUnitPrice(price), one, other), sample =>
            Amount(sample.model, sample.one) + Amount(sample.model, sample.other) == Amount(sample.model, sample.one + sample.other));

    [Fact]
    public void The_tiers_of_a_rating_add_up_to_its_amount_and_its_quantity() =>
        Holds(from model in RisingModels from quantity in Quantities from included in Quantities select (model, quantity, included), sample =>
        {
            var terms = Terms(sample.model) with { IncludedQuantity = sample.model is FlatPrice ? 0 : sample.included };
            var rated = Rating.Rate(terms, new(sample.quantity));
            return rated.Tiers.Sum(tier => tier.Amount) == rated.Amount
                && (rated.Tiers.IsEmpty || rated.Tiers.Sum(tier => tier.Quantity) == rated.BilledQuantity)
                && rated.BilledQuantity == Math.Max(0, sample.quantity - terms.IncludedQuantity);
        });

    [Fact]
    public void A_credit_is_the_mirror_of_a_charge() =>
        Holds(from model in RisingModels from quantity in Quantities where quantity > 0 select (model, quantity), sample =>
            sample.model is FlatPrice || Rating.Rate(Terms(sample.model) with { AllowNegative = true }, new(-sample.quantity)).Amount == -Amount(sample.model, sample.quantity));

    [Fact]
    public void Minimum_and_maximum_hold_whatever_was_charged() =>
        Holds(from charged in Prices from one in Prices from other in Prices select (charged, least: Math.Min(one, other), most: Math.Max(one, other)), sample =>
        {
            var terms = Terms(new PerUnitPrice(1)) with { MinimumAmount = sample.least, MaximumAmount = sample.most };
            var charged = Money.Round(sample.charged, terms.Currency);
            var exact = Math.Clamp(sample.charged, sample.least, sample.most);
            return charged + Rating.Adjustment(terms, charged, ProrationFactor.Whole) == Money.Round(exact, terms.Currency)
                && PriceCalculation.Quote(terms, new(sample.charged), ProrationFactor.Whole) is var quote && (quote.Amount, quote.AmountRounded) == (exact, Money.Round(exact, terms.Currency).Amount);
        });

    [Fact]
    public void Terms_survive_their_json() =>
        Holds(from model in RisingModels from included in Quantities select Terms(model) with { IncludedQuantity = model is FlatPrice ? 0 : included }, terms =>
        {
            var json = System.Text.Json.JsonSerializer.Serialize(terms, BillingJson.Options);
            return System.Text.Json.JsonSerializer.Serialize(System.Text.Json.JsonSerializer.Deserialize<PriceTerms>(json, BillingJson.Options), BillingJson.Options) == json;
        });

    private static void Holds<T>(Gen<T> samples, Func<T, bool> property) =>
        Prop.ForAll(samples.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static decimal Amount(PriceModel model, decimal quantity) => Rating.Rate(Terms(model), new(quantity)).Amount;

    private static PriceTerms Terms(PriceModel model) => new PriceTerms { Currency = Currency.Parse("USD"), Model = model }.Validated();

    private static ImmutableArray<Tier> Rising(ImmutableArray<Tier> tiers)
    {
        var flats = tiers.Select(tier => tier.FlatAmount).Order().ToArray();
        return [.. tiers.Select((tier, i) => new Tier(tier.UpTo, 0, flats[i]))];
    }
}
