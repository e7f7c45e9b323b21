using System.Globalization;
using System.Text.Json.Nodes;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Pricing.Vectors;
using BigInteger = System.Numerics.BigInteger;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Variants of the peers' whole invoices against a count in whole cents: coupons for some lines first, then the others, each in its order; each tax once over what is left; prepaid credit last.</summary>
public sealed class InvoiceVariantTests
{
    [Fact]
    public void Variants_of_whole_invoices_come_to_the_same_either_way() =>
        VectorRun.CheckVariants(Vector.Of("invoices").Where(vector => vector.Category is "invoice"), 60, Vary, Count, InvoiceVectors.Run);

    // Small amounts and odd percentages: remainders that are equal, discounts of more than there is, and lines of nothing.
    private static JsonObject Vary(JsonObject peers, Random random)
    {
        string[] ids = [.. Enumerable.Range(0, random.Next(1, 6)).Select(i => $"line {i}")];
        string[] rates = ["8.25", "19", "5.5", "20", "0.1"];
        var inputs = new JsonObject { ["scale"] = 2 };
        if (peers["coupon_order"] is { } order)
        {
            inputs["coupon_order"] = order.DeepClone();
        }

        inputs["lines"] = new JsonArray([.. ids.Select(id => new JsonObject
        {
            ["id"] = id, ["amount"] = Dollars(random.Next(4) switch { 0 => random.Next(0, 4), 1 => 3_333, _ => random.Next(0, 200_000) }),
            ["tax_percents"] = new JsonArray([.. rates.Where(_ => random.Next(3) == 0).Select(rate => JsonValue.Create(rate))]),
        })]);
        inputs["coupons"] = new JsonArray([.. Enumerable.Range(0, random.Next(0, 4)).Select(_ =>
        {
            var coupon = random.Next(2) == 0 ? new JsonObject { ["percent_off"] = random.Next(2) == 0 ? "33.33" : $"{random.Next(1, 101)}" } : new JsonObject { ["amount_off"] = Dollars(random.Next(1, 60_000)) };
            if (random.Next(3) == 0)
            {
                coupon["lines"] = new JsonArray([.. ids.Where(_ => random.Next(2) == 0).Select(id => JsonValue.Create(id))]);
            }

            return coupon;
        })]);
        inputs["prepaid_credits"] = new JsonArray([.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => new JsonObject { ["balance"] = Dollars(random.Next(1, 90_000)) })]);
        return inputs;
    }

    private static JsonObject Count(JsonObject inputs)
    {
        var lines = inputs["lines"]!.AsArray().Select(line => line!.AsObject()).ToList();
        var amounts = lines.ConvertAll(line => Cents(line["amount"]));
        var left = amounts.ToArray();
        foreach (var coupon in InOrder(inputs))
        {
            var named = coupon["lines"]?.AsArray().Select(Vector.Text).ToHashSet();
            var eligible = lines.Select((line, i) => named is null || named.Contains(Vector.Text(line["id"])) ? left[i] : 0).ToList();
            var sum = Sum(eligible);
            var off = coupon["amount_off"] is { } amount ? Cents(amount) : Rounded(sum * Percent(coupon["percent_off"]), 1_000_000);
            off = BigInteger.Min(off, sum);
            var shares = Shares(off, eligible.ConvertAll(weight => off * weight), BigInteger.Max(sum, 1));
            left = [.. left.Zip(shares, (before, share) => before - share)];
        }

        var taxes = new BigInteger[lines.Count];
        foreach (var rate in lines.SelectMany(line => line["tax_percents"]!.AsArray()).Select(Vector.Text).Distinct())
        {
            var bearing = lines.Select((line, i) => line["tax_percents"]!.AsArray().Select(Vector.Text).Contains(rate) ? left[i] : 0).ToList();
            var exact = bearing.ConvertAll(weight => weight * Percent(rate));
            taxes = [.. taxes.Zip(Shares(Rounded(Sum(exact), 1_000_000), exact, 1_000_000), (before, share) => before + share)];
        }

        var (subtotal, net, tax) = (Sum(amounts), Sum(left), Sum(taxes));
        var credit = Sum(inputs["prepaid_credits"]!.AsArray().Select(grant => Cents(grant!["balance"])));
        var prepaid = BigInteger.Min(credit, net + tax);
        return new JsonObject
        {
            ["subtotal"] = Dollars(subtotal), ["discount"] = Dollars(subtotal - net), ["tax"] = Dollars(tax), ["prepaid"] = Dollars(prepaid), ["prepaid_left"] = Dollars(credit - prepaid), ["total"] = Dollars(net + tax - prepaid),
            ["lines"] = new JsonArray([.. lines.Select((line, i) => new JsonObject { ["id"] = Vector.Text(line["id"]), ["discount"] = Dollars(amounts[i] - left[i]), ["tax"] = Dollars(taxes[i]) })]),
        };
    }

    // A coupon for named lines, be they none, comes before one for all; of each kind the percentages first where the peer says so.
    private static IEnumerable<JsonObject> InOrder(JsonObject inputs)
    {
        var percentFirst = Vector.Text(inputs["coupon_order"]) is "percent_first";
        return inputs["coupons"]!.AsArray().Select(coupon => coupon!.AsObject()).OrderBy(coupon => coupon["lines"] is null).ThenBy(coupon => percentFirst && coupon["percent_off"] is null);
    }

    // Whole cents of each exact share first; what is missing to the sum goes by one to those that lost most, of two alike to the earlier.
    private static List<BigInteger> Shares(BigInteger sum, List<BigInteger> numerators, BigInteger denominator)
    {
        var shares = numerators.ConvertAll(numerator => numerator / denominator);
        foreach (var i in Enumerable.Range(0, shares.Count).OrderByDescending(i => numerators[i] % denominator).ThenBy(i => i).Take((int)(sum - Sum(shares))))
        {
            shares[i]++;
        }

        return shares;
    }

    private static BigInteger Sum(IEnumerable<BigInteger> amounts) => amounts.Aggregate(BigInteger.Zero, (all, each) => all + each);

    // Half away from zero, of what is not below it.
    private static BigInteger Rounded(BigInteger numerator, BigInteger denominator) => ((2 * numerator) + denominator) / (2 * denominator);

    // In parts of a hundred percent, of which there are a million.
    private static BigInteger Percent(JsonNode? percent) => (BigInteger)(Vector.Number(percent)!.Value * 10_000);

    private static BigInteger Cents(JsonNode? amount) => (BigInteger)(Vector.Number(amount)!.Value * 100);

    private static string Dollars(BigInteger cents) => ((decimal)cents / 100).ToString(CultureInfo.InvariantCulture);
}
