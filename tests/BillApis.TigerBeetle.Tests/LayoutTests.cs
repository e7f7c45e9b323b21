using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle.Tests;

/// <summary>The records as <c>tb_client.h</c> of release 0.17 lays them out.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Every_record_has_the_size_of_the_header()
    {
        Unsafe.SizeOf<TbAccount>().ShouldBe(128);
        Unsafe.SizeOf<TbTransfer>().ShouldBe(128);
        Unsafe.SizeOf<TbAccountFilter>().ShouldBe(128);
        Unsafe.SizeOf<TbQueryFilter>().ShouldBe(64);
        Unsafe.SizeOf<TbResult>().ShouldBe(16);
        Unsafe.SizeOf<TbPacket>().ShouldBe(88);
    }

    [Theory]
    [InlineData(typeof(TbAccount), "Id 0 DebitsPending 16 DebitsPosted 32 CreditsPending 48 CreditsPosted 64 UserData128 80 UserData64 96 UserData32 104 Reserved 108 Ledger 112 Code 116 Flags 118 Timestamp 120")]
    [InlineData(typeof(TbTransfer), "Id 0 DebitAccountId 16 CreditAccountId 32 Amount 48 PendingId 64 UserData128 80 UserData64 96 UserData32 104 Timeout 108 Ledger 112 Code 116 Flags 118 Timestamp 120")]
    [InlineData(typeof(TbAccountFilter), "AccountId 0 UserData128 16 UserData64 32 UserData32 40 Code 44 TimestampMin 104 TimestampMax 112 Limit 120 Flags 124")]
    [InlineData(typeof(TbQueryFilter), "UserData128 0 UserData64 16 UserData32 24 Ledger 28 Code 32 TimestampMin 40 TimestampMax 48 Limit 56 Flags 60")]
    [InlineData(typeof(TbResult), "Timestamp 0 Status 8 Reserved 12")]
    [InlineData(typeof(TbPacket), "UserData 0 Data 8 DataSize 16 UserTag 20 Operation 22 Status 23")]
    public void Every_field_stands_where_the_header_has_it(Type record, string expected) =>
        string.Join(' ', record.GetFields().Select(field => $"{field.Name} {Marshal.OffsetOf(record, field.Name)}")).ShouldBe(expected);

    [Fact]
    public void The_bytes_are_those_of_the_wire()
    {
        TbTransfer[] transfers = [new() { Id = 1, Amount = ((UInt128)2 << 64) | 3, UserData32 = 4, Ledger = 5, Code = 6, Flags = TbTransferFlags.Pending | TbTransferFlags.ClosingCredit }];
        var bytes = MemoryMarshal.AsBytes(transfers.AsSpan());
        bytes[0].ShouldBe((byte)1);
        bytes[48].ShouldBe((byte)3);
        bytes[56].ShouldBe((byte)2);
        bytes[104].ShouldBe((byte)4);
        bytes[112].ShouldBe((byte)5);
        bytes[116].ShouldBe((byte)6);
        bytes[118].ShouldBe((byte)(2 + 128));
    }
}
