using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>An invoice, and where every amount of it comes from.</summary>
/// <param name="Invoice">The invoice.</param>
/// <param name="Lines">Its lines, in their order.</param>
/// <param name="Steps">How the lines become the total and what is due, one sentence a step.</param>
public sealed record InvoiceExplanation(Invoice Invoice, ImmutableArray<LineExplanation> Lines, ImmutableArray<string> Steps);

/// <summary>Where the amount of a line comes from.</summary>
/// <param name="Line">The line.</param>
/// <param name="Price">The price that made it; null for a charge outside of any subscription.</param>
/// <param name="Steps">How the amount came about, one sentence a step.</param>
/// <param name="Usage">What was used; null where nothing was counted.</param>
/// <param name="Agrees">Whether price and usage, as they are kept, still come to the amount; false where the usage was corrected after the bill.</param>
public sealed record LineExplanation(InvoiceLine Line, Price? Price, ImmutableArray<string> Steps, UsageOrigin? Usage, bool Agrees);

/// <summary>The usage that a line charges for, as it was known when the invoice was issued.</summary>
/// <param name="Metric">What counted it.</param>
/// <param name="Period">When it was used.</param>
/// <param name="Quantity">How much it comes to.</param>
/// <param name="EventCount">How many events that came from.</param>
/// <param name="Window">How finely the totals cut the period.</param>
/// <param name="Totals">What was used in each window that has events.</param>
/// <param name="Events">One page of the events, the latest first.</param>
public sealed record UsageOrigin(Metric Metric, Interval Period, decimal Quantity, long EventCount, UsageWindow Window, ImmutableArray<UsageSummaryRow> Totals, Page<MeasuredEvent> Events);

/// <summary>A credit memo, and which lines of which invoice it takes back.</summary>
/// <param name="Memo">The credit memo.</param>
/// <param name="Invoice">The invoice.</param>
/// <param name="Lines">Its lines, in their order.</param>
/// <param name="Steps">How they become the total, and what became of it.</param>
public sealed record CreditMemoExplanation(CreditMemo Memo, Invoice Invoice, ImmutableArray<CreditMemoLineExplanation> Lines, ImmutableArray<string> Steps);

/// <summary>Where the amount of a credit memo's line comes from.</summary>
/// <param name="Line">The line.</param>
/// <param name="Billed">What is taken back of it.</param>
/// <param name="Steps">How the amount came about.</param>
public sealed record CreditMemoLineExplanation(CreditMemoLine Line, LineExplanation Billed, ImmutableArray<string> Steps);

/// <summary>Which events of an explained invoice are listed.</summary>
public sealed record ExplainQuery
{
    /// <summary>Only the events of this line; of every line where null.</summary>
    public InvoiceLineId? Line { get; init; }

    /// <summary>How many events are listed of each line, 1 to <see cref="Limits.PageSize"/>.</summary>
    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before; only with a line.</summary>
    public string? After { get; init; }
}
