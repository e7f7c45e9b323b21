using System.Globalization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Quickstart;

/// <summary>Writes what was metered of each row and what it costs at its own price, to compare with a provider's bill.</summary>
internal static class RowReport
{
    public static async Task WriteAsync(Billing billing, TenantId tenant, Mapping mapping, Interval months)
    {
        if (mapping.Lines is not { } file)
        {
            return;
        }

        await using var writer = File.CreateText(file);
        await writer.WriteLineAsync("row,quantity,unit_price,amount");
        foreach (var (row, price, quantity) in (await MeteredAsync(billing, tenant, mapping, months)).OrderBy(item => item.Row))
        {
            var rated = Rating.Rate(new PriceTerms { Currency = Offer.Currency, Model = new PerUnitPrice(price), AllowNegative = true }, new RatingInput(quantity));
            await writer.WriteLineAsync($"{row},{Exact.Format(quantity)},{Exact.Format(price)},{Exact.Format(rated.Amount)}");
        }
    }

    private static async Task<IEnumerable<(long Row, decimal Price, decimal Quantity)>> MeteredAsync(Billing billing, TenantId tenant, Mapping mapping, Interval months)
    {
        var query = new UsageSummaryQuery { Customer = Offer.Customer, Metric = Offer.ByRow, Period = months, GroupBy = [UsageFile.Row, mapping.Price!] };
        return from summary in await billing.Usage.SummaryAsync(tenant, query)
               let values = summary.Group.Values()
               select (long.Parse(values[UsageFile.Row]!, CultureInfo.InvariantCulture), decimal.Parse(values[mapping.Price!]!, CultureInfo.InvariantCulture), summary.Value);
    }
}
