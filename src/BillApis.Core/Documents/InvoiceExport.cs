using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>An invoice with all that it follows from.</summary>
public sealed record InvoiceExport
{
    /// <summary>The form of this version.</summary>
    public const string Version1 = "billapis.invoice/1";

    /// <summary>The form of the file.</summary>
    public string Format { get; init; } = Version1;

    /// <summary>The invoice as it was issued, in canonical JSON.</summary>
    public required JsonElement Invoice { get; init; }

    /// <summary>Its place in the chain of its series; null for a draft.</summary>
    public DocumentSeal? Seal { get; init; }

    /// <summary>The sums.</summary>
    public required ExportedTotals Totals { get; init; }

    /// <summary>The prices of its lines, by id.</summary>
    public ImmutableSortedDictionary<string, Price> Prices { get; init; } = ImmutableSortedDictionary<string, Price>.Empty;

    /// <summary>The terms of lines whose price has others here than <see cref="Prices"/> says, by the lines' ids: as when two subscriptions that are billed together agreed to different ones.</summary>
    public ImmutableSortedDictionary<string, PriceTerms> LineTerms { get; init; } = ImmutableSortedDictionary<string, PriceTerms>.Empty;

    /// <summary>The metrics of its lines, by id.</summary>
    public ImmutableSortedDictionary<string, Metric> Metrics { get; init; } = ImmutableSortedDictionary<string, Metric>.Empty;

    /// <summary>What was subscribed to; null for a one-off.</summary>
    public ExportedSubscription? Subscription { get; init; }

    /// <summary>What was subscribed to where the invoice bills several subscriptions together; empty for every other.</summary>
    public ImmutableArray<ExportedSubscription> Subscriptions { get; init; } = [];

    /// <summary>The zone of its days.</summary>
    public required DateTimeZone Zone { get; init; }

    /// <summary>The coupons that counted on it, with the terms that they were redeemed at.</summary>
    public ImmutableArray<Redemption> Coupons { get; init; } = [];

    /// <summary>The earlier invoices and credit memos that its lines follow from, as they were issued: of what it gives back or adjusts, what was given back or adjusted of that before, and what draws on the commitments that it settles, and what was billed in advance beyond a change that takes effect with it. Null in files that were written before there were any.</summary>
    public ImmutableArray<ExportedDocument>? Earlier { get; init; }

    /// <summary>The credit that it used, as it was before.</summary>
    public ImmutableArray<ExportedGrant> Grants { get; init; } = [];

    /// <summary>A digest of the events that it was counted from.</summary>
    public required EventDigest Events { get; init; }

    /// <summary>SHA-256 over all of this without the hash, in canonical JSON.</summary>
    public string? Hash { get; init; }
}

/// <summary>The sums of an invoice.</summary>
/// <param name="Subtotal">The sum of the lines.</param>
/// <param name="DiscountTotal">What coupons took off.</param>
/// <param name="CreditTotal">What promotional credits took off.</param>
/// <param name="TaxTotal">All taxes.</param>
/// <param name="Total">What is asked for.</param>
/// <param name="Prepaid">What paid credits paid.</param>
public sealed record ExportedTotals(Money Subtotal, Money DiscountTotal, Money CreditTotal, Money TaxTotal, Money Total, Money Prepaid)
{
    /// <summary>Those of an invoice.</summary>
    public static ExportedTotals Of(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return new(invoice.Subtotal, invoice.DiscountTotal, invoice.CreditTotal, invoice.TaxTotal, invoice.Total, invoice.Prepaid);
    }
}

/// <summary>What was subscribed to, and its dates and quantities.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="Plan">The plan.</param>
/// <param name="PlanVersion">The version that it is pinned to.</param>
/// <param name="Timeline">The dates and quantities.</param>
public sealed record ExportedSubscription(SubscriptionId Id, PlanId Plan, int PlanVersion, Timeline Timeline)
{
    /// <summary>What the versions of its plans charge; null in files that were written before they said so.</summary>
    public ImmutableArray<ExportedItem>? Items { get; init; }

    /// <summary>What the versions of its plans commit to, of those that do; null in files that were written before they said so. What the contract commits to instead is in <see cref="Timeline"/>.</summary>
    public ImmutableArray<ExportedCommitment>? Commitments { get; init; }

    /// <summary>Whether usage may be billed before its period ends, so that the bill of its end has what is left of it, or nothing.</summary>
    public bool BillsEarly { get; init; }

    internal static ExportedSubscription Of(Subscription subscription, PlanVersions versions) => new(subscription.Id, subscription.Plan, subscription.PlanVersion, subscription.Timeline)
    {
        Items = [.. All(subscription, versions).SelectMany(version => version.Value.Items, (version, item) => ExportedItem.Of(version.Key, item, subscription.Timeline.Prices.GetValueOrDefault(item.Price.Code) ?? item.Price.Terms))],
        Commitments = [.. All(subscription, versions).Where(version => version.Value.Commitment is not null).Select(version => new ExportedCommitment(version.Key.Plan, version.Key.Version, version.Value.Commitment!))],
        BillsEarly = subscription.IsWatched,
    };

    private static IEnumerable<KeyValuePair<PlanRef, PlanVersion>> All(Subscription subscription, PlanVersions versions) =>
        versions.Later.Append(KeyValuePair.Create(new PlanRef(subscription.Plan, subscription.PlanVersion), versions.First)).DistinctBy(version => version.Key).OrderBy(version => version.Key.Plan.ToString(), StringComparer.Ordinal).ThenBy(version => version.Key.Version);
}

/// <summary>A price of a plan.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Version">Its version.</param>
/// <param name="Price">The price.</param>
/// <param name="Quantity">How much of it is charged where the subscription says nothing else.</param>
/// <param name="Interval">How often; null for once.</param>
/// <param name="Timing">Whether before its period or after it.</param>
/// <param name="IsMetered">Whether usage is counted for it.</param>
public sealed record ExportedItem(PlanId Plan, int Version, PriceId Price, decimal Quantity, BillingInterval? Interval, BillingTiming Timing, bool IsMetered)
{
    /// <summary>The price's code; null, as what follows, in files that were written before they said so.</summary>
    public string? Code { get; init; }

    /// <summary>What counts the usage; null where the quantity is agreed.</summary>
    public MetricId? Metric { get; init; }

    /// <summary>The plan's terms, in the subscription's currency; what was agreed instead is in its timeline.</summary>
    public PriceTerms? Terms { get; init; }

    internal static ExportedItem Of(PlanRef plan, PlanItem item, PriceTerms terms) =>
        new(plan.Plan, plan.Version, item.Price.Id, item.Quantity, terms.Interval, terms.Timing, item.Price.Metric is not null) { Code = item.Price.Code, Metric = item.Price.Metric, Terms = item.Price.Terms };
}

/// <summary>What a version of a plan commits to.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Version">Its version.</param>
/// <param name="Commitment">The least that each interval comes to.</param>
public sealed record ExportedCommitment(PlanId Plan, int Version, MinimumCommitment Commitment);

/// <summary>Credit that an invoice used.</summary>
/// <param name="Id">The grant.</param>
/// <param name="Category">Whether it was given or bought.</param>
/// <param name="Scope">Which lines it is for.</param>
/// <param name="Priority">The smaller is used first.</param>
/// <param name="ExpiresAt">Until when it counted.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Before">What was left of it before the invoice.</param>
public sealed record ExportedGrant(CreditGrantId Id, CreditCategory Category, CreditScope Scope, int Priority, Instant? ExpiresAt, Instant CreatedAt, Money Before);

/// <summary>An earlier document as it was issued: an invoice or a credit memo.</summary>
/// <param name="Subscription">The subscription whose lines are looked at; an invoice over several is there for each of them.</param>
public sealed record ExportedDocument(SubscriptionId Subscription)
{
    /// <summary>The invoice in canonical JSON; null for a credit memo.</summary>
    public JsonElement? Invoice { get; init; }

    /// <summary>The credit memo in canonical JSON; null for an invoice.</summary>
    public JsonElement? CreditMemo { get; init; }

    /// <summary>Its place in the chain of its series.</summary>
    public DocumentSeal? Seal { get; init; }

    /// <summary>Whether it was withdrawn since.</summary>
    public bool Withdrawn { get; init; }

    /// <summary>Whether what is due of it was given up since.</summary>
    public bool GivenUp { get; init; }

    /// <summary>The coupons that took something off the invoice for the subscription, with the terms that they were redeemed at.</summary>
    public ImmutableArray<Redemption> Coupons { get; init; } = [];
}
