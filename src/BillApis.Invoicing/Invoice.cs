using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A bill for one customer in one currency; its lines never change once it is issued.</summary>
public sealed record Invoice : IEntity<Invoice>
{
    /// <summary>The series that an invoice takes its number from.</summary>
    public const string DefaultSeries = "INV";

    /// <summary>The id; derived from subscription, boundary, kind and sequence where there is a subscription.</summary>
    public required InvoiceId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Who is billed.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>What is billed; null for a one-off.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The subscriptions that it bills together, in the order of their lines; empty where it bills one alone, or none.</summary>
    public ImmutableArray<InvoiceSection> Sections { get; init; } = [];

    /// <summary>What the invoice is for.</summary>
    public required InvoiceKind Kind { get; init; }

    /// <summary>Tells the invoices of one subscription, period and kind apart: the number of its boundary, 0 for the start.</summary>
    public int Sequence { get; init; }

    /// <summary>The place of its adjustments among all corrections of the subscription's bills, from 1; null where it adjusts nothing.</summary>
    public int? Correction { get; init; }

    /// <summary>The currency of every amount.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The period that the invoice closes, or where it closes none, the one that it opens.</summary>
    public Interval? Period { get; init; }

    /// <summary>The charges.</summary>
    public required ImmutableArray<InvoiceLine> Lines { get; init; }

    /// <summary>What coupons took off, in the order in which they were taken.</summary>
    public ImmutableArray<InvoiceDiscount> Discounts { get; init; } = [];

    /// <summary>The coupons that count on it though its discounts do not say how: those that found nothing to take and stay as they are, and amounts that early bills had left a part of.</summary>
    public ImmutableArray<InvoiceCoupon> Coupons { get; init; } = [];

    /// <summary>The credit that it used, in the order of use.</summary>
    public ImmutableArray<CreditUse> Credits { get; init; } = [];

    /// <summary>The taxes, each with what it is computed on.</summary>
    public ImmutableArray<TaxLine> TaxLines { get; init; } = [];

    /// <summary>Where it is in its life.</summary>
    public InvoiceStatus Status { get; init; }

    /// <summary>The company that sells; null where the tenant has named none.</summary>
    public LegalEntityId? LegalEntity { get; init; }

    /// <summary>The same as it is named on the invoice.</summary>
    public InvoiceParty? Seller { get; init; }

    /// <summary>The customer as it is named on the invoice.</summary>
    public InvoiceParty? BillTo { get; init; }

    /// <summary>The BCP 47 language of its documents; null for the default.</summary>
    public string? Locale { get; init; }

    /// <summary>The customer's purchase-order number.</summary>
    public string? PurchaseOrder { get; init; }

    /// <summary>What the customer reads below the lines.</summary>
    public string? Notes { get; init; }

    /// <summary>The withdrawn invoice that it stands in the place of.</summary>
    public InvoiceId? Replaces { get; init; }

    /// <summary>The invoice that stands in its place.</summary>
    public InvoiceId? ReplacedBy { get; init; }

    /// <summary>What people changed while it was a draft, the oldest first.</summary>
    public ImmutableArray<InvoiceEdit> Edits { get; init; } = [];

    /// <summary>When it was sent, the oldest first.</summary>
    public ImmutableArray<InvoiceSending> Sent { get; init; } = [];

    /// <summary>The series that credit memos of it take their numbers from.</summary>
    public string CreditMemoSeries { get; init; } = CreditMemo.DefaultSeries;

    /// <summary>The series of its number.</summary>
    public string Series { get; init; } = DefaultSeries;

    /// <summary>Its place in the series, without gaps; given by the store as it is issued.</summary>
    public long? Number { get; init; }

    /// <summary>What ties it to the invoices before it in its series; given by the store as it is issued.</summary>
    public DocumentSeal? Seal { get; init; }

    /// <summary>When it was issued.</summary>
    public Instant? IssuedAt { get; init; }

    /// <summary>When it has to be paid.</summary>
    public Instant? DueAt { get; init; }

    /// <summary>When nothing was due any more.</summary>
    public Instant? PaidAt { get; init; }

    /// <summary>The money received.</summary>
    public ImmutableArray<InvoicePayment> Payments { get; init; } = [];

    /// <summary>The credit memos that count.</summary>
    public ImmutableArray<InvoiceCredit> CreditMemos { get; init; } = [];

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>The sum of the lines.</summary>
    [JsonIgnore]
    public Money Subtotal => Sum(Lines, line => line.Amount);

    /// <summary>What coupons took off.</summary>
    [JsonIgnore]
    public Money DiscountTotal => Sum(Discounts, discount => discount.Amount);

    /// <summary>What promotional credits took off.</summary>
    [JsonIgnore]
    public Money CreditTotal => Sum(Credits, use => use.Amount, use => use.Category is CreditCategory.Promotional);

    /// <summary>All taxes, those that are in the prices included.</summary>
    [JsonIgnore]
    public Money TaxTotal => Sum(TaxLines, tax => tax.Amount);

    /// <summary>What is asked for: the lines without coupons and promotional credits, with the taxes that are not in their prices.</summary>
    [JsonIgnore]
    public Money Total => Subtotal - DiscountTotal - CreditTotal + Sum(TaxLines, tax => tax.Amount, tax => !tax.Tax.Inclusive);

    /// <summary>What paid credits paid.</summary>
    [JsonIgnore]
    public Money Prepaid => Sum(Credits, use => use.Amount, use => use.Category is CreditCategory.Paid);

    /// <summary>What was received, paid credits included.</summary>
    [JsonIgnore]
    public Money Paid => Sum(Payments, payment => payment.Amount) + Prepaid;

    /// <summary>What became the customer's credit as it was issued, because it comes to less than nothing.</summary>
    [JsonIgnore]
    public Money Granted => Total < Money.Zero(Currency) ? -Total : Money.Zero(Currency);

    /// <summary>What credit memos took back.</summary>
    [JsonIgnore]
    public Money Credited => Sum(CreditMemos, credit => credit.Amount);

    /// <summary>What is still to be paid; zero once it was given up or withdrawn.</summary>
    [JsonIgnore]
    public Money Due => Status is InvoiceStatus.WrittenOff or InvoiceStatus.Canceled ? Money.Zero(Currency) : Total + Granted - Paid - Sum(CreditMemos, credit => credit.Applied);

    /// <summary>Whether payment is awaited.</summary>
    [JsonIgnore]
    public bool IsOpen => Status is InvoiceStatus.Issued or InvoiceStatus.PartiallyPaid or InvoiceStatus.Overdue;

    /// <summary>The number as customers read it, for example <c>INV-000042</c>; null for a draft.</summary>
    [JsonIgnore]
    public string? DisplayNumber => Number is { } number ? Display(Series, number) : null;

    string IEntity<Invoice>.Key => Id.ToString();

    string? IEntity<Invoice>.Alias => DisplayNumber;

    /// <inheritdoc/>
    public Invoice WithVersion(long version) => this with { Version = version };

    /// <summary>Freezes the lines and asks for payment; an invoice over nothing, or that paid credit covers, is paid at once, and one over less becomes the customer's credit.</summary>
    /// <exception cref="BillingException">It is not a draft, or has no lines.</exception>
    public Invoice Issue(Instant at, int paymentTermsDays, DateTimeZone? zone = null)
    {
        Require(Status is InvoiceStatus.Draft, "issued");
        Require(!Lines.IsEmpty, "issued without lines");
        var settled = Total <= Prepaid;
        return this with
        {
            Status = settled ? InvoiceStatus.Paid : Prepaid.IsZero ? InvoiceStatus.Issued : InvoiceStatus.PartiallyPaid,
            IssuedAt = at,
            DueAt = PaymentTerm.EndOf(at, paymentTermsDays, zone ?? DateTimeZone.Utc),
            PaidAt = settled ? at : null,
        };
    }

    /// <summary>Records money received; never more than is due, and a reference once.</summary>
    /// <exception cref="BillingException">It is not open, the amount is not more than zero or more than is due, or the reference was recorded before.</exception>
    public Invoice Pay(InvoicePayment payment)
    {
        ArgumentNullException.ThrowIfNull(payment);
        Require(IsOpen, "paid");
        if (payment.Amount <= Money.Zero(Currency) || payment.Amount > Due)
        {
            throw BillingException.Field("amount", $"must be more than 0 and at most what is due, {Due}");
        }

        Require(payment.Reference is null || Payments.All(earlier => earlier.Reference != payment.Reference), $"paid again by '{payment.Reference}'");
        var settled = payment.Amount == Due;
        return this with
        {
            Status = settled ? InvoiceStatus.Paid : Status is InvoiceStatus.Overdue ? Status : InvoiceStatus.PartiallyPaid,
            Payments = Payments.Add(payment),
            PaidAt = settled ? payment.At : null,
        };
    }

    /// <summary>Takes back a part of what was issued: what is due is lessened first, and the rest had been paid.</summary>
    /// <exception cref="BillingException">It is not open or paid, or the amount is not more than zero or more than is left to credit.</exception>
    public (Invoice Invoice, InvoiceCredit Credit) TakeBack(CreditMemoId memo, Money amount, Instant at)
    {
        Require(IsOpen || Status is InvoiceStatus.Paid, "credited");
        if (amount <= Money.Zero(Currency) || amount > Total - Credited)
        {
            throw BillingException.Field("amount", $"must be more than 0 and at most what is left to credit, {Total - Credited}");
        }

        var credit = new InvoiceCredit(memo, amount, amount < Due ? amount : Due > Money.Zero(Currency) ? Due : Money.Zero(Currency));
        var settled = IsOpen && credit.Applied == Due;
        return (this with { Status = settled ? InvoiceStatus.Paid : Status, CreditMemos = CreditMemos.Add(credit), PaidAt = settled ? at : PaidAt }, credit);
    }

    /// <summary>Asks again for what a credit memo had taken back, now that it is withdrawn.</summary>
    /// <exception cref="BillingException">It is not open or paid.</exception>
    public Invoice AskAgain(CreditMemoId memo)
    {
        Require(IsOpen || Status is InvoiceStatus.Paid, "asked for again");
        var credit = CreditMemos.Single(item => item.Memo == memo);
        var opens = Status is InvoiceStatus.Paid && !credit.Applied.IsZero;
        return this with
        {
            Status = !opens ? Status : Paid > Money.Zero(Currency) ? InvoiceStatus.PartiallyPaid : InvoiceStatus.Issued,
            CreditMemos = CreditMemos.Remove(credit),
            PaidAt = opens ? null : PaidAt,
        };
    }

    /// <summary>Marks an open invoice late once its due date has passed; otherwise changes nothing.</summary>
    public Invoice MarkOverdue(Instant now) => IsOpen && Status is not InvoiceStatus.Overdue && DueAt < now ? this with { Status = InvoiceStatus.Overdue } : this;

    /// <summary>Records that it goes out to the customer.</summary>
    /// <exception cref="BillingException">It is a draft or was withdrawn.</exception>
    public Invoice Send(InvoiceSending sending)
    {
        Require(Status is not (InvoiceStatus.Draft or InvoiceStatus.Canceled), "sent");
        return this with { Sent = Sent.Add(sending) };
    }

    /// <summary>Gives up on what is still due.</summary>
    /// <exception cref="BillingException">It is not open.</exception>
    public Invoice WriteOff()
    {
        Require(IsOpen, "written off");
        return this with { Status = InvoiceStatus.WrittenOff };
    }

    /// <summary>Withdraws a draft, or an open invoice on which nothing was paid.</summary>
    /// <exception cref="BillingException">It is at one of its ends, or something was paid.</exception>
    public Invoice Cancel()
    {
        Require(Status is InvoiceStatus.Draft || IsOpen, "canceled");
        Require(Payments.IsEmpty, "canceled after a payment");
        Require(CreditMemos.IsEmpty, "canceled after a credit memo");
        return this with { Status = InvoiceStatus.Canceled };
    }

    internal static string Display(string series, long number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{series}-{number:D6}");

    private Money Sum<T>(ImmutableArray<T> items, Func<T, Money> amount, Func<T, bool>? counts = null)
    {
        var sum = Money.Zero(Currency);
        foreach (var item in items)
        {
            sum = counts is null || counts(item) ? sum + amount(item) : sum;
        }

        return sum;
    }

    private void Require(bool allowed, string action)
    {
        if (!allowed)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The invoice '{Id}' is {Status switch
            {
                InvoiceStatus.PartiallyPaid => "partially paid",
                InvoiceStatus.WrittenOff => "written off",
                _ => Status.ToString().ToLowerInvariant(),
            }} and cannot be {action}.");
        }
    }
}
