using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>Reads the items of a plan: prices that exist, and prices that are made with it.</summary>
internal static class PlanItems
{
    public static async Task<ImmutableArray<PlanItem>> ReadAsync(Billing billing, TenantId tenant, Body<PlanRequest> request, CancellationToken cancellationToken)
    {
        var read = new List<PlanItem>();
        for (var i = 0; i < request.Value.Items.Length; i++)
        {
            read.Add(await ReadAsync(billing, tenant, request, i, cancellationToken).ConfigureAwait(false));
        }

        return [.. read];
    }

    /// <summary>Stores the prices that are made with the plan, once nothing of the request is refused any more.</summary>
    public static async Task<ImmutableArray<PlanItem>> StoreAsync(Billing billing, TenantId tenant, ImmutableArray<PlanItem> items, CancellationToken cancellationToken)
    {
        var stored = ImmutableArray.CreateBuilder<PlanItem>();
        foreach (var item in items)
        {
            stored.Add(item.Price.Version > 0 ? item : item with { Price = await billing.Prices.CreateAsync(tenant, item.Price, cancellationToken).ConfigureAwait(false) });
        }

        return stored.ToImmutable();
    }

    private static async Task<PlanItem> ReadAsync(Billing billing, TenantId tenant, Body<PlanRequest> request, int index, CancellationToken cancellationToken)
    {
        var item = request.Value.Items[index];
        if ((item.PriceId is null) == (item.Price is null))
        {
            throw BillingException.Field($"items[{index}]", "must have either a price_id or a price");
        }

        var price = item.PriceId is { } reference
            ? await billing.Prices.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Price.Kind, reference)
            : await NewAsync(billing, tenant, item.Price!, request.Json.GetProperty("items")[index].GetProperty("price"), $"items[{index}].price", $"{request.Value.Code}-{index + 1}", cancellationToken).ConfigureAwait(false);
        return new PlanItem(price, item.Quantity);
    }

    private static async Task<Price> NewAsync(Billing billing, TenantId tenant, InlinePrice sent, JsonElement json, string path, string code, CancellationToken cancellationToken)
    {
        var price = new Price
        {
            Code = sent.Code ?? code,
            Name = sent.Name,
            Description = sent.Description,
            Terms = PriceForm.TermsOf(json, path),
            Product = (await References.ProductAsync(billing, tenant, sent.ProductId, cancellationToken).ConfigureAwait(false))?.Id,
            Metric = (await References.MetricAsync(billing, tenant, sent.MetricId, cancellationToken).ConfigureAwait(false))?.Id,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
        price.Validate();
        return price;
    }
}
