using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Asks the money, the coupons and the lines what the peers ask theirs about single amounts.</summary>
internal static class AmountVectors
{
    public static string? Run(Vector vector) => vector.Category switch
    {
        "round" => One(vector, "amount", PeerInvoice.CurrencyOf((int)vector.Of("scale")) is var currency ? Money.Round(vector.Of("amount"), currency, Differences.ModeOf(vector.Inputs["rounding"])).Amount : 0),
        "minor_units" => One(vector, "minor_units", Money.Of(Money.Round(vector.Of("amount"), PeerInvoice.CurrencyOf((int)vector.Of("charge_decimals"))).Amount, Currency.Parse(Vector.Text(vector.Inputs["currency"])!)).MinorUnits),
        "subtotal" => One(vector, "subtotal", Peer(vector).Draft(vector.Inputs["lines"]!.AsArray().Select(line => (line, (string?)null, (string?)null))).Subtotal.Amount),
        "usage_line" => One(vector, "amount", Billed(Peer(vector).Currency, new PerUnitPrice(vector.Of("unit_amount")), vector.Of("quantity"), null, ProrationFactor.Whole).Subtotal.Amount),
        "discount" => Discount(vector),
        "discount_each" => DiscountEach(vector),
        "coupon_use" => CouponUse(vector),
        "allocate" => Allocate(vector),
        "refund_tax" => One(vector, "refunded_tax", Peer(vector).Money(vector.Inputs["tax"]).Allocate([vector.Of("refund"), vector.Of("subtotal") - vector.Of("refund")])[0].Amount),
        "minimum_commitment" => One(vector, "true_up", TrueUp(vector, "commitment", vector.Inputs["fees"]!.AsArray()).Amount),
        "true_up" => One(vector, "true_up", TrueUp(vector, "commitment", [vector.Inputs["used"]!.DeepClone()]).Amount),
        "minimum_spend" => MinimumSpend(vector),
        "credit_unused" => CreditUnused(vector),
        _ => throw new InvalidOperationException($"nothing asks {vector.Category}"),
    };

    private static PeerInvoice Peer(Vector vector) => new(vector);

    private static string? One(Vector vector, string field, decimal actual)
    {
        var found = new Differences(vector.Expected);
        found.Compare(field, actual);
        return found.Report();
    }

    private static string? Discount(Vector vector)
    {
        var peer = Peer(vector);
        var amount = peer.Money(vector.Inputs["amount"]);
        var discount = CouponDiscounts.Of(peer.Terms(Unused(vector)), amount);
        var found = new Differences(vector.Expected);
        found.Compare("discount", discount.Amount);
        found.Compare("final", (amount - discount).Amount);
        return found.Report();
    }

    // The coupon without what it took off other invoices.
    private static JsonObject Unused(Vector vector)
    {
        var inputs = vector.Inputs.DeepClone().AsObject();
        if (inputs["already_used"] is { } used)
        {
            inputs["amount_off"] = Exact.Format(vector.Of("amount_off") - Vector.Number(used)!.Value);
        }

        return inputs;
    }

    private static string? DiscountEach(Vector vector)
    {
        var peer = Peer(vector);
        var amounts = vector.Inputs["amounts"]!.AsArray().Select(peer.Money).ToList();
        var terms = peer.Terms(vector.Inputs);
        var found = new Differences(vector.Expected);
        found.Compare("of_total", CouponDiscounts.Of(terms, amounts.Aggregate(Money.Zero(peer.Currency), (sum, amount) => sum + amount)).Amount);
        found.Compare("discounts", (expected, report) =>
        {
            if (!expected.Select(item => Vector.Number(item)!.Value).SequenceEqual(amounts.Select(amount => CouponDiscounts.Of(terms, amount).Amount)))
            {
                report("discounts differ");
            }
        });
        return found.Report();
    }

    private static string? CouponUse(Vector vector)
    {
        var peer = Peer(vector);
        var duration = Vector.Text(vector.Inputs["frequency"]) switch { "once" => CouponDuration.Once, "forever" => CouponDuration.Forever, _ => CouponDuration.Repeating };
        var terms = peer.Terms(Unused(vector)) with { Duration = duration, DurationPeriods = (int?)Vector.Number(vector.Inputs["remaining"]), CarryOver = duration is CouponDuration.Once && vector.Inputs["amount_off"] is not null };
        terms.Validate();
        var taken = CouponDiscounts.Of(terms, peer.Money(vector.Inputs["invoice_amount"]));
        var used = new Redemption(EntityId.New<CouponId>(), "", terms, PeerInvoice.Now).Counted(PeerInvoice.Now, taken);
        var found = new Differences(vector.Expected);
        found.Compare("discount", taken.Amount);
        found.Compare("remaining", (terms.MaxUses ?? 0) - used.Uses);
        found.CompareText("ended", used.IsUsedUp ? "true" : "false");
        return found.Report();
    }

    private static string? Allocate(Vector vector)
    {
        var peer = Peer(vector);
        var weights = vector.Inputs["weights"]!.AsArray().Select(item => (Key: Vector.Text(item!["key"])!, Weight: Vector.Number(item["weight"])!.Value)).ToList();
        if (Vector.Text(vector.Inputs["tie_break"]) is "key")
        {
            weights = [.. weights.OrderBy(item => item.Key, StringComparer.Ordinal)];
        }

        var amount = peer.Money(vector.Inputs["amount"]);
        var sum = Money.Round(weights.Sum(item => item.Weight), peer.Currency);
        var shares = (Vector.Text(vector.Inputs["cap"]) is "sum" && sum < amount ? sum : amount).Allocate([.. weights.Select(item => item.Weight)]);
        var found = new Differences(vector.Expected, "shares");
        foreach (var ((key, _), share) in weights.Zip(shares))
        {
            found.Add(share.Amount == (Vector.Number(vector.Expected["shares"]![key]) ?? 0) ? null : $"{key}: got {share}");
        }

        return found.Report();
    }

    // What was used is a price of 1 here, and the commitment its minimum.
    private static Money TrueUp(Vector vector, string commitment, JsonArray used)
    {
        var factor = vector.Inputs.ContainsKey("days") ? new ProrationFactor((long)vector.Of("days"), (long)vector.Of("full_days")) : ProrationFactor.Whole;
        var invoice = Billed(Peer(vector).Currency, new PerUnitPrice(1), used.Sum(fee => Vector.Number(fee)!.Value), vector.Of(commitment), factor);
        return invoice.Lines.Where(line => line.Kind is LineKind.Minimum).Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.Amount);
    }

    private static string? MinimumSpend(Vector vector)
    {
        var trueUp = TrueUp(vector, "minimum", vector.Inputs["used"]!.AsArray());
        var found = new Differences(vector.Expected);
        found.Compare("true_up", trueUp.Amount);
        found.Compare("true_up_tax", Taxed(vector, trueUp).TaxTotal.Amount);
        return found.Report();
    }

    private static string? CreditUnused(Vector vector)
    {
        var amount = Peer(vector).Money(vector.Inputs["amount"]);
        var credit = PeriodParts.UnusedCredit(amount.Amount, new ProrationFactor((long)vector.Of("days_left"), (long)vector.Of("full_days")), amount, Money.Zero(amount.Currency));
        var taxed = Taxed(vector, credit);
        var found = new Differences(vector.Expected);
        found.Compare("credit_excl_tax", credit.Amount);
        found.Compare("tax", taxed.TaxTotal.Amount);
        found.Compare("total", taxed.Total.Amount);
        return found.Report();
    }

    private static Invoice Taxed(Vector vector, Money amount) =>
        InvoiceTaxes.Apply(Peer(vector).Draft([(JsonValue.Create(Exact.Format(amount.Amount)), null, null)]), new TaxDecision([[PeerInvoice.Tax(vector.Of("tax_percent"))]]));

    private static Invoice Billed(Currency currency, PriceModel model, decimal quantity, decimal? minimum, ProrationFactor factor)
    {
        var price = new Price { Code = "usage", Metric = EntityId.New<MetricId>(), Terms = new PriceTerms { Currency = currency, Model = model, MinimumAmount = minimum, Interval = new BillingInterval(IntervalUnit.Month, 1) } };
        var period = new Interval(PeerInvoice.Now - Duration.FromDays(31), PeerInvoice.Now);
        return InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default,
            Customer = default,
            Currency = currency,
            Boundary = PeerInvoice.Now,
            Charges = [new ChargedUsage(new Charge(price, 1, period, factor), new RatingInput(quantity))],
        });
    }
}
