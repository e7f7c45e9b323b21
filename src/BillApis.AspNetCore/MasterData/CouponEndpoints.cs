using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/coupons</c>.</summary>
internal sealed class CouponEndpoints() : MasterDataEndpoints<Coupon, CouponRequest, CodeQuery, CouponResponse>("coupons", "Master data")
{
    protected override MasterData<Coupon> Of(Billing billing) => billing.Coupons;

    protected override async Task<Coupon> ApplyAsync(Billing billing, TenantId tenant, Body<CouponRequest> request, Coupon? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        var terms = new CouponTerms
        {
            PercentOff = sent.PercentOff,
            AmountOff = AmountOf(sent),
            Duration = sent.Duration,
            DurationPeriods = sent.DurationPeriods,
            CarryOver = sent.CarryOver,
            Products = await References.AllAsync(sent.AppliesTo, async item => (await References.ProductAsync(billing, tenant, item, cancellationToken).ConfigureAwait(false))!.Id).ConfigureAwait(false),
            Plans = await References.AllAsync(sent.AppliesToPlans, async item => (await References.PlanAsync(billing, tenant, item, cancellationToken).ConfigureAwait(false))!.Id).ConfigureAwait(false),
        };
        return (current ?? new Coupon { Code = sent.Code, Terms = terms }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            Terms = terms,
            MaxRedemptions = sent.MaxRedemptions,
            RedeemBy = sent.RedeemBy,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
    }

    protected override JsonNode Form(Coupon item) => Json(new CouponRequest
    {
        Code = item.Code,
        Name = item.Name,
        PercentOff = item.Terms.PercentOff,
        AmountOff = item.Terms.AmountOff?.Amount,
        Currency = item.Terms.AmountOff?.Currency,
        Duration = item.Terms.Duration,
        DurationPeriods = item.Terms.DurationPeriods,
        CarryOver = item.Terms.CarryOver,
        MaxRedemptions = item.MaxRedemptions,
        RedeemBy = item.RedeemBy,
        AppliesTo = [.. item.Terms.Products.Select(id => id.ToString())],
        AppliesToPlans = [.. item.Terms.Plans.Select(id => id.ToString())],
        Metadata = item.Metadata,
    });

    protected override CouponResponse Response(Coupon item) => new(
        item.Id, item.Code, item.Name, item.Terms.PercentOff, item.Terms.AmountOff?.Amount, item.Terms.AmountOff?.Currency, item.Terms.Duration, item.Terms.DurationPeriods, item.Terms.CarryOver,
        item.MaxRedemptions, item.Redemptions, item.RedeemBy, item.Terms.Products, item.Terms.Plans, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, CodeQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code));

    private static Money? AmountOf(CouponRequest sent) => (sent.AmountOff, sent.Currency) switch
    {
        ({ } amount, { } currency) => MoneyCheck.Exactly("amount_off", amount, currency),
        ({ }, null) => throw BillingException.Field("currency", "is required with amount_off"),
        (null, { }) when sent.PercentOff is null => throw BillingException.Field("amount_off", "is required with currency"),
        _ => null,
    };
}

internal sealed record CouponRequest
{
    public required string Code { get; init; }
    public string? Name { get; init; }
    public decimal? PercentOff { get; init; }
    public decimal? AmountOff { get; init; }
    public Currency? Currency { get; init; }
    public CouponDuration Duration { get; init; }
    public int? DurationPeriods { get; init; }
    public bool CarryOver { get; init; }
    public int? MaxRedemptions { get; init; }
    public Instant? RedeemBy { get; init; }
    public ImmutableArray<string>? AppliesTo { get; init; }
    public ImmutableArray<string>? AppliesToPlans { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record CouponResponse(
    CouponId Id, string Code, string? Name, decimal? PercentOff, decimal? AmountOff, Currency? Currency, CouponDuration Duration, int? DurationPeriods, bool CarryOver, int? MaxRedemptions,
    int TimesRedeemed, Instant? RedeemBy, ImmutableArray<ProductId> AppliesTo, ImmutableArray<PlanId> AppliesToPlans, ImmutableSortedDictionary<string, string> Metadata,
    Instant CreatedAt, Instant? ArchivedAt);
