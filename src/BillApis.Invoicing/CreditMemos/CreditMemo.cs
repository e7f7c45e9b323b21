using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Takes back a part of an issued invoice: it lessens what is due, and what was paid already becomes the customer's credit or is refunded.</summary>
public sealed record CreditMemo : IEntity<CreditMemo>
{
    /// <summary>The series that a credit memo takes its number from.</summary>
    public const string DefaultSeries = "CRM";

    /// <summary>The id.</summary>
    public required CreditMemoId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Who is credited.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>The invoice of which a part is taken back.</summary>
    public required InvoiceId Invoice { get; init; }

    /// <summary>The subscription of the invoice; null for a one-off.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The place of its adjustments among all corrections of the subscription's bills; null where it adjusts nothing.</summary>
    public int? Correction { get; init; }

    /// <summary>The currency of every amount.</summary>
    public required Currency Currency { get; init; }

    /// <summary>What is taken back of which lines.</summary>
    public required ImmutableArray<CreditMemoLine> Lines { get; init; }

    /// <summary>Why, as the customer reads it.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether what was paid already is to be paid back rather than kept as credit.</summary>
    public bool Refund { get; init; }

    /// <summary>The part that lessened what was due of the invoice.</summary>
    public required Money Applied { get; init; }

    /// <summary>Where it is in its life.</summary>
    public CreditMemoStatus Status { get; init; }

    /// <summary>The series of its number.</summary>
    public string Series { get; init; } = DefaultSeries;

    /// <summary>Its place in the series, without gaps; given by the store as it is issued.</summary>
    public long? Number { get; init; }

    /// <summary>What ties it to the credit memos before it in its series; given by the store as it is issued.</summary>
    public DocumentSeal? Seal { get; init; }

    /// <summary>When it was issued.</summary>
    public required Instant IssuedAt { get; init; }

    /// <summary>When it was withdrawn; null where it was not.</summary>
    public Instant? CanceledAt { get; init; }

    /// <summary>When what is to be refunded was paid out; null where it was not.</summary>
    public Instant? RefundPaidAt { get; init; }

    /// <summary>How the payment is known where it was made.</summary>
    public string? RefundReference { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>All that is taken back, taxes included.</summary>
    [JsonIgnore]
    public Money Total => Lines.Aggregate(Money.Zero(Currency), (sum, line) => sum + line.Gross);

    /// <summary>The taxes in it.</summary>
    [JsonIgnore]
    public Money TaxTotal => Lines.Aggregate(Money.Zero(Currency), (sum, line) => sum + line.Tax);

    /// <summary>The part that had been paid: the customer's credit, or to be refunded.</summary>
    [JsonIgnore]
    public Money Returned => Total - Applied;

    /// <summary>The number as customers read it, for example <c>CRM-000007</c>.</summary>
    [JsonIgnore]
    public string? DisplayNumber => Number is { } number ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Series}-{number:D6}") : null;

    string IEntity<CreditMemo>.Key => Id.ToString();

    string? IEntity<CreditMemo>.Alias => DisplayNumber;

    /// <inheritdoc/>
    public CreditMemo WithVersion(long version) => this with { Version = version };

    /// <summary>Records that what is to be refunded was paid out.</summary>
    /// <exception cref="BillingException">Nothing of it is to be refunded, or that was paid out before.</exception>
    public CreditMemo PayOut(string? reference, Instant at) => Refund && !Returned.IsZero && Status is CreditMemoStatus.Issued && RefundPaidAt is null
        ? this with { RefundPaidAt = at, RefundReference = reference }
        : throw new BillingException(BillingErrorCode.Conflict, $"The credit memo '{Id}' has no refund to pay out{(RefundPaidAt is null ? "" : " any more")}.");

    /// <summary>Withdraws it; its number stays used.</summary>
    /// <exception cref="BillingException">It was withdrawn before, or its refund was paid out.</exception>
    public CreditMemo Cancel(Instant at) => RefundPaidAt is not null ? throw new BillingException(BillingErrorCode.Conflict, $"The refund of the credit memo '{Id}' was paid out and it cannot be canceled any more.")
        : Status is CreditMemoStatus.Issued
        ? this with { Status = CreditMemoStatus.Canceled, CanceledAt = at }
        : throw new BillingException(BillingErrorCode.Conflict, $"The credit memo '{Id}' is canceled already.");
}

/// <summary>Where a credit memo is in its life.</summary>
public enum CreditMemoStatus
{
    /// <summary>It counts.</summary>
    Issued,

    /// <summary>It was withdrawn.</summary>
    Canceled,
}

/// <summary>What is taken back of one line of an invoice.</summary>
/// <param name="Line">The line.</param>
/// <param name="Description">What the customer reads.</param>
/// <param name="Net">The part without taxes.</param>
/// <param name="Tax">The taxes on it.</param>
/// <param name="InAdvance">Whether the line was charged before its period.</param>
public sealed record CreditMemoLine(InvoiceLineId Line, string Description, Money Net, Money Tax, bool InAdvance)
{
    /// <summary>What was rated again, where that is why; null where a person took it back.</summary>
    public InvoiceLine? Adjustment { get; init; }

    /// <summary>Both together.</summary>
    [JsonIgnore]
    public Money Gross => Net + Tax;

    /// <summary>What it takes of the amount of the line that it names: with the taxes that are in that.</summary>
    public Money Of(InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.Taxes.Any(tax => tax.Tax.Inclusive) ? Gross : Net;
    }
}
