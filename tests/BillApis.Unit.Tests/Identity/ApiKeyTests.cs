using BillApis.Identity;
using NodaTime;

namespace BillApis.Unit.Tests.Identity;

public sealed class ApiKeyTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public void A_key_says_its_tenant_and_id_and_holds_256_random_bits()
    {
        var (id, tenant) = (EntityId.New<ApiKeyId>(), EntityId.New<TenantId>());
        var (one, two) = (ApiKeyText.New(ApiKeyMode.Test, id, tenant), ApiKeyText.New(ApiKeyMode.Test, id, tenant));
        one.Text.ShouldNotBe(two.Text);
        var read = ApiKeyText.Parse(one.Text)!;
        (read.Key, read.Tenant, read.Mode, read.Prefix).ShouldBe((id, tenant, ApiKeyMode.Test, one.Text[..20]));

        // 32 bytes of secret behind two ids of 16 bytes: 64 bytes are 86 letters of base64url.
        one.Text.Length.ShouldBe("bk_test_".Length + 86);
        one.Prefix.ShouldBe(two.Prefix);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bk_live_")]
    [InlineData("bk_live_abc")]
    [InlineData("bk_prod_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("bk_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!A")]
    public void What_is_no_key_is_not_read(string text) => ApiKeyText.Parse(text).ShouldBeNull();

    [Fact]
    public void A_key_ends_when_it_expires_and_when_it_is_revoked()
    {
        var (key, text) = New();
        key.Opens(text, Now).ShouldBeTrue();
        var expiring = key with { ExpiresAt = Now + Duration.FromHours(1) };
        expiring.Opens(text, Now + Duration.FromHours(1) - Duration.Epsilon).ShouldBeTrue();
        expiring.Opens(text, Now + Duration.FromHours(1)).ShouldBeFalse();
        (key with { RevokedAt = Now }).Opens(text, Now).ShouldBeFalse();
    }

    [Fact]
    public void The_secret_before_is_good_until_the_overlap_ends_and_the_one_before_that_is_not()
    {
        var (key, first) = New();
        var second = ApiKeyText.New(key.Mode, key.Id, key.Tenant);
        var third = ApiKeyText.New(key.Mode, key.Id, key.Tenant);
        var rotated = key.Rotated(second, Now, Duration.FromHours(1));
        rotated.Opens(first, Now + Duration.FromMinutes(59)).ShouldBeTrue();
        rotated.Opens(first, Now + Duration.FromMinutes(60)).ShouldBeFalse();
        rotated.Opens(second.Text, Now + Duration.FromDays(900)).ShouldBeTrue();
        var again = rotated.Rotated(third, Now, Duration.FromHours(1));
        (again.Opens(first, Now), again.Opens(second.Text, Now), again.Opens(third.Text, Now)).ShouldBe((false, true, true));
        rotated.Rotated(third, Now, Duration.Zero).Opens(second.Text, Now).ShouldBeFalse();
    }

    [Fact]
    public void A_permission_covers_what_it_names_and_wildcards_what_they_stand_for()
    {
        Set("invoices:*").Allows(new Permission("invoices", "write")).ShouldBeTrue();
        Set("*:read").Allows(new Permission("ledger", "read")).ShouldBeTrue();
        Set("*:read").Allows(new Permission("ledger", "write")).ShouldBeFalse();
        Set("invoices:read", "invoices:write").Covers(Set("invoices:*")).ShouldBeTrue();
        Set("invoices:read").Covers(Set("invoices:*")).ShouldBeFalse();
        Set("*:read").Covers(Set("*:*")).ShouldBeFalse();
        Set("*:*").Covers(Set("*:*")).ShouldBeTrue();
        Set("*:read", "*:write").Covers(Set("*:*")).ShouldBeTrue();
        PermissionSet.None.Covers(PermissionSet.None).ShouldBeTrue();
        PermissionSet.None.Covers(Set("plans:read")).ShouldBeFalse();
    }

    private static PermissionSet Set(params string[] texts) => new(texts.Select(text => Permission.Parse("permissions", text)));

    private static (ApiKey Key, string Text) New()
    {
        var id = EntityId.New<ApiKeyId>();
        var text = ApiKeyText.New(ApiKeyMode.Live, id, TenantId.Default);
        return (new ApiKey
        {
            Id = id, Tenant = TenantId.Default, Name = "Key", Mode = ApiKeyMode.Live, Scopes = ["usage:write"], Prefix = text.Prefix, SecretHash = RandomSecret.HashOf(text.Text), CreatedBy = "usr", CreatedAt = Now,
        }, text.Text);
    }
}
