using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>An invoice whose charges are rated again.</summary>
/// <param name="Invoice">The invoice.</param>
/// <param name="Coupons">Those that counted on it, with the terms that they were redeemed at.</param>
/// <param name="Adjusted">The lines of later documents that adjusted it.</param>
public sealed record BilledOrigin(Invoice Invoice, ImmutableArray<Redemption> Coupons, ImmutableArray<InvoiceLine> Adjusted)
{
    /// <summary>The whole invoice, where that bills other subscriptions too.</summary>
    public Invoice Document { get; init; } = Invoice;

    /// <summary>The bills that its lines are of, each as its own origin; empty where the invoice is one of itself.</summary>
    public ImmutableArray<BilledOrigin> Bills { get; init; } = [];

    /// <summary>The start of the period that coupons counted it for; null where that is not known.</summary>
    public Instant? CountsFor { get; init; }

    /// <summary>What later documents gave back of its lines, or credited, beside what adjusts them.</summary>
    public ImmutableDictionary<InvoiceLineId, Money> GivenBack { get; init; } = ImmutableDictionary<InvoiceLineId, Money>.Empty;

    /// <summary>The part that was had of those of its lines that coupons and promotional credit paid, so that nothing of them could be given back.</summary>
    public ImmutableDictionary<InvoiceLineId, ProrationFactor> Had { get; init; } = ImmutableDictionary<InvoiceLineId, ProrationFactor>.Empty;

    /// <summary>The lines of an invoice that adjusts it which move what its coupons took off to those of its lines that bear other taxes.</summary>
    public IReadOnlyList<InvoiceLine> MovedWith(IReadOnlyCollection<InvoiceLine> lines) =>
        [.. CorrectedDiscounts.Apply(Invoice with { Lines = [.. lines.Where(line => line.Kind is not LineKind.Discount).Select(line => line with { Discount = null })], Discounts = [] }, this, lines.Count(line => line.Kind is LineKind.Discount && Has(line))).Lines.Where(line => line.Kind is LineKind.Discount)];

    /// <summary>The same beside what an invoice takes of amounts for its period, by itself or for other bills.</summary>
    internal BilledOrigin Beside(Invoice invoice, Instant? period)
    {
        if (CountsFor is not { } start)
        {
            return this;
        }

        // What it took itself is not less by what the coupon takes, redeemed again, of an amount of its own.
        Redemption Left(Redemption coupon, Money most) => coupon.TakenBy(invoice, start, period == start, Invoice.Id) is { IsZero: false } taken
            ? coupon.AtMost(Money.FromMinorUnits(Math.Max((most - taken).MinorUnits, Discounts().TryGetValue(coupon.Coupon, out var own) ? own.MinorUnits : 0), most.Currency))
            : coupon;
        return this with { Coupons = [.. Coupons.Select(coupon => coupon.Terms.AmountOffPeriod is { } most ? Left(coupon, most) : coupon)] };
    }

    /// <summary>Whether all its lines are of one bill, so that a coupon is spread over them.</summary>
    internal bool IsOneBill => Bills.Length < 2;

    /// <summary>How many sets of taxes its lines bear; 0 where no coupon took anything off them.</summary>
    internal int TaxesApart => Coupons.IsEmpty ? 0 : Own.Count(line => ReferenceEquals(line, Own.First(line.BearsTaxesOf)));

    /// <summary>How many of its lines may be given back a part of.</summary>
    internal int Advanced => Own.Count(line => line.InAdvance);

    internal bool Has(InvoiceLine adjustment) => adjustment.Corrects is { } id && Invoice.Lines.Any(line => line.Id == id);

    /// <summary>The origins, with those that have lines in common as one: what adjusts such a line is counted once.</summary>
    internal static IReadOnlyList<BilledOrigin> Apart(IEnumerable<BilledOrigin> origins)
    {
        var apart = new List<BilledOrigin>();
        foreach (var origin in origins.Distinct())
        {
            var ids = origin.Invoice.Lines.Select(line => line.Id).ToHashSet();
            var shared = apart.FindAll(other => other.Invoice.Lines.Any(line => ids.Contains(line.Id)));
            apart.RemoveAll(shared.Contains);
            apart.Add(shared.Aggregate(origin, (all, other) => all.Joined(other)));
        }

        return apart;
    }

    /// <summary>The line that billed a group of a charge; where that group was not billed, another of the same charge.</summary>
    internal InvoiceLine? LineOf(Charge charge, ImmutableSortedDictionary<string, string?> group)
    {
        var billed = Own.Where(line => line.Price == charge.Price.Id && line.Period == charge.Period).ToList();
        return billed.Find(line => BilledGroup.KeyOf(line.Group) == BilledGroup.KeyOf(group)) ?? billed.FirstOrDefault();
    }

    /// <summary>What each coupon took off so far: what its bills say, until adjustments counted it anew over all of them.</summary>
    internal IReadOnlyDictionary<CouponId, Money> Discounts()
    {
        var anew = DiscountsWith([]);
        return Bills.IsEmpty ? anew : Coupons.ToDictionary(coupon => coupon.Coupon, coupon => Adjusted.Any(coupon.Terms.IsFor) ? anew.GetValueOrDefault(coupon.Coupon, Money.Zero(Invoice.Currency)) : BilledBy(coupon));
    }

    /// <summary>What each coupon takes off the invoice as it is adjusted so far and by some lines more.</summary>
    internal IReadOnlyDictionary<CouponId, Money> DiscountsWith(IReadOnlyCollection<InvoiceLine> adjustments) => With(adjustments).Discounts.ToDictionary(discount => discount.Coupon, discount => discount.Amount);

    /// <summary>What the coupons together take off each line more with some adjustments, or where negative less.</summary>
    internal IEnumerable<(InvoiceLine Line, Money Change)> ChangesWith(IReadOnlyCollection<InvoiceLine> adjustments)
    {
        var none = Money.Zero(Invoice.Currency);
        return Own.Zip(With([]).Lines, With(adjustments).Lines).Select(line => (line.First, (line.Third.Discount ?? none) - (line.Second.Discount ?? none)));
    }

    /// <summary>The part of a line that nobody gave back.</summary>
    /// <param name="line">The line.</param>
    /// <param name="given">What is given back with the adjustments.</param>
    internal ProrationFactor KeptOf(InvoiceLine line, Money given)
    {
        var none = Money.Zero(given.Currency);
        var back = (given + GivenBack.GetValueOrDefault(line.Id, none)).MinorUnits;
        if (back == 0)
        {
            return Had.GetValueOrDefault(line.Id, ProrationFactor.Whole);
        }

        // Of what the line comes to as its coupons are counted by now, whatever part of that had to be paid still; but where adjustments with the same taxes bore what that changed, it was given back as it was billed.
        var own = Adjusted.Where(item => item.Corrects == line.Id).ToList();
        var (counted, said) = (With([]).Lines.Single(item => item.Id == line.Id), (own.Aggregate(line.Net, (sum, item) => sum + item.Amount) + (line.Discount ?? none) - TakenOff(line)).MinorUnits);
        if (own.TrueForAll(item => item.Amount.IsZero) && IsBorneElsewhere(line, counted, own, back))
        {
            return new ProrationFactor(Math.Clamp(line.Net.MinorUnits - back, 0, line.Net.MinorUnits), line.Net.MinorUnits);
        }

        var whole = own.Exists(item => item.Kind is LineKind.Discount) ? (counted.Net - (line.Credit ?? none)).MinorUnits : said;
        return whole <= 0 ? ProrationFactor.Whole : new ProrationFactor(Math.Clamp(said - back, 0, whole), whole);
    }

    // Whether what its own lines say changed of its discount is neither all that changed nor the kept part of that, but for a cent each.
    private static bool IsBorneElsewhere(InvoiceLine line, InvoiceLine counted, List<InvoiceLine> own, long back)
    {
        var (moved, changed) = (own.Sum(item => item.Discount?.MinorUnits ?? 0), (counted.Discount?.MinorUnits ?? 0) - (line.Discount?.MinorUnits ?? 0));
        var kept = line.Net.MinorUnits > 0 ? Math.Clamp(line.Net.MinorUnits - back, 0, line.Net.MinorUnits) : 0;
        return line.Net.MinorUnits > 0 && Math.Abs(moved - changed) > own.Count && Math.Abs(moved - new ProrationFactor(kept, line.Net.MinorUnits).Apply(changed)) > own.Count;
    }

    /// <summary>The part that a coupon takes of what those before it left of the lines that it is for, with some adjustments.</summary>
    internal ProrationFactor PartOf(Redemption coupon, IReadOnlyCollection<InvoiceLine> adjustments)
    {
        var (before, now) = (With(adjustments, CouponDiscounts.InOrder(Coupons).TakeWhile(other => other.Coupon != coupon.Coupon)), With(adjustments));
        var eligible = before.Lines.Where(coupon.Terms.IsFor).Sum(line => line.Net.MinorUnits);
        var taken = now.Discounts.Where(discount => discount.Coupon == coupon.Coupon).Sum(discount => discount.Amount.MinorUnits);
        return eligible <= 0 || taken <= 0 ? new ProrationFactor(0, 1) : new ProrationFactor(Math.Min(taken, eligible), eligible);
    }

    /// <summary>Whether a coupon may take something off a line.</summary>
    internal bool IsDiscounted(InvoiceLine line) => Coupons.Any(coupon => coupon.Terms.IsFor(line));

    /// <summary>What all coupons together took off a line so far, whichever document said so.</summary>
    public Money TakenOff(InvoiceLine billed) => Adjusted.Where(line => line.Corrects == billed.Id).Aggregate(billed.Discount ?? Money.Zero(Invoice.Currency), (sum, line) => sum + line.Discount ?? sum);

    /// <summary>What all coupons together took off it so far, adjustments included.</summary>
    internal Money Taken => Own.Concat(Adjusted).Aggregate(Money.Zero(Invoice.Currency), (sum, line) => sum + (line.Discount ?? Money.Zero(Invoice.Currency)));

    // A line and what adjusts it are one, as they would be where all usage was known.
    private Invoice With(IReadOnlyCollection<InvoiceLine> adjustments) => With(adjustments, Coupons);

    private Invoice With(IReadOnlyCollection<InvoiceLine> adjustments, IEnumerable<Redemption> coupons)
    {
        InvoiceLine[] all = [.. Adjusted, .. adjustments];
        var added = all.ToLookup(line => line.Corrects, line => line.Amount);
        var lines = Own.Select(line => line with { Amount = added[line.Id].Aggregate(line.Amount, (sum, amount) => sum + amount), Discount = null, Credit = null });
        return CouponDiscounts.Apply(Invoice with { Lines = [.. lines], Discounts = [] }, coupons.Select(coupon => Counted(coupon, all)));
    }

    // No coupon looks at what people added to a draft.
    private IEnumerable<InvoiceLine> Own => Invoice.Lines.Where(line => line is { RefersBack: false, Kind: not LineKind.OneOff });

    private BilledOrigin Joined(BilledOrigin other) => new(
        Invoice with { Lines = [.. Invoice.Lines.Concat(other.Invoice.Lines).DistinctBy(line => line.Id)] },
        [.. Coupons.Concat(other.Coupons).DistinctBy(coupon => coupon.Coupon)],
        [.. Adjusted.Concat(other.Adjusted).DistinctBy(line => line.Id)])
    {
        Bills = [.. Bills.Concat(other.Bills).DistinctBy(bill => bill.Invoice.Id).OrderByDescending(bill => bill.Invoice.CreatedAt)],
    };

    // An amount was taken off a whole bill: of some of its lines it is their share. A percentage that some bills had and others did not is the part of what it took that is left of those.
    private Redemption Counted(Redemption coupon, IReadOnlyCollection<InvoiceLine> adjustments)
    {
        if (Bills.IsEmpty || (coupon.Terms.AmountOff is null && Bills.All(bill => bill.Coupons.Any(own => own.Coupon == coupon.Coupon) || EligibleOf(bill, coupon) == 0)))
        {
            return coupon;
        }

        var taken = BilledBy(coupon);
        if (Bills is [var only] && coupon.Terms.AmountOff is { } most)
        {
            // What is left of it beside the other lines of the bill.
            return coupon with { Terms = coupon.Terms with { AmountOff = most - only.ShareOf(coupon.Coupon, only.Invoice.Lines) + taken } };
        }

        return coupon with { Terms = coupon.Terms with { PercentOff = null, AmountOff = coupon.Terms.AmountOff is not null ? taken : PartLeft(coupon, taken, adjustments) } };
    }

    // What was used less was used last: it is taken from the newest bills first.
    private Money PartLeft(Redemption coupon, Money taken, IReadOnlyCollection<InvoiceLine> adjustments)
    {
        var (left, covered, whole) = (Math.Max(0, Bills.Sum(bill => EligibleOf(bill, coupon)) + adjustments.Where(coupon.Terms.IsFor).Sum(line => line.Amount.MinorUnits)), 0L, 0L);
        foreach (var bill in Bills.OrderBy(bill => bill.Invoice.CreatedAt).ThenBy(bill => bill.Invoice.Sequence))
        {
            var own = EligibleOf(bill, coupon);
            var kept = Math.Min(own, left);
            left -= kept;
            (covered, whole) = bill.Coupons.Any(item => item.Coupon == coupon.Coupon) ? (covered + kept, whole + own) : (covered, whole);
        }

        return whole == 0 ? taken : Money.Round(new ProrationFactor(covered, whole).Apply(taken.Amount), taken.Currency);
    }

    private long EligibleOf(BilledOrigin bill, Redemption coupon)
    {
        var ids = bill.Invoice.Lines.Select(line => line.Id).ToHashSet();
        return Math.Max(0, Own.Where(line => ids.Contains(line.Id) && coupon.Terms.IsFor(line)).Sum(line => line.Amount.MinorUnits));
    }

    private Money BilledBy(Redemption coupon) => Bills.Aggregate(Money.Zero(Invoice.Currency), (sum, bill) => sum + bill.ShareOf(coupon.Coupon, Invoice.Lines));

    // A line says what all coupons took off it: what one of them did is told by taking them off again in turn.
    private Money ShareOf(CouponId coupon, ImmutableArray<InvoiceLine> some)
    {
        var ids = some.Select(line => line.Id).ToHashSet();
        var bare = Invoice with { Lines = ImmutableArray.CreateRange(Invoice.Lines, line => line with { Discount = null, Credit = null }), Discounts = [] };
        Money With(IEnumerable<Redemption> coupons) =>
            CouponDiscounts.Apply(bare, coupons).Lines.Where(line => ids.Contains(line.Id)).Aggregate(Money.Zero(Invoice.Currency), (sum, line) => sum + (line.Discount ?? Money.Zero(Invoice.Currency)));
        var before = CouponDiscounts.InOrder(Coupons).TakeWhile(item => item.Coupon != coupon).ToList();
        return With(CouponDiscounts.InOrder(Coupons).Take(before.Count + 1)) - With(before);
    }
}
