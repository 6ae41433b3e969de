/*---
title = "Fylker over tid: kodene fra 2018, 2020 og 2024"
audience = "arbeid"
grain = ["struktur", "fylkesnr"]
versjon = 2
[columns.struktur]
unit = "år kodene gjelder fra"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.fylkesnr_2020]
unit = "fylkesnummer i strukturen fra 2020"
---*/
-- SSB Klass 104, `navn` in its first form and `navn_fullt` with the Sámi and Kven ones. 30, 38 and 54 were split in 2024; every other code of 2020 lives on. Health regions: definitions D2.
select
    struktur,
    fylkesnr,
    fylkesnr_2020,
    navn,
    region,
    navn_fullt
from (
    values
    (2018, 1, 30, 'Østfold', 'region_sorost', 'Østfold'),
    (2018, 2, 30, 'Akershus', 'region_sorost', 'Akershus'),
    (2018, 3, 3, 'Oslo', 'region_sorost', 'Oslo'),
    (2018, 4, 34, 'Hedmark', 'region_sorost', 'Hedmark'),
    (2018, 5, 34, 'Oppland', 'region_sorost', 'Oppland'),
    (2018, 6, 30, 'Buskerud', 'region_sorost', 'Buskerud'),
    (2018, 7, 38, 'Vestfold', 'region_sorost', 'Vestfold'),
    (2018, 8, 38, 'Telemark', 'region_sorost', 'Telemark'),
    (2018, 9, 42, 'Aust-Agder', 'region_sorost', 'Aust-Agder'),
    (2018, 10, 42, 'Vest-Agder', 'region_sorost', 'Vest-Agder'),
    (2018, 11, 11, 'Rogaland', 'region_vest', 'Rogaland'),
    (2018, 12, 46, 'Hordaland', 'region_vest', 'Hordaland'),
    (2018, 14, 46, 'Sogn og Fjordane', 'region_vest', 'Sogn og Fjordane'),
    (2018, 15, 15, 'Møre og Romsdal', 'region_midt', 'Møre og Romsdal'),
    (2018, 18, 18, 'Nordland', 'region_nord', 'Nordland - Nordlánnda'),
    (2018, 19, 54, 'Troms', 'region_nord', 'Troms - Romsa'),
    (2018, 20, 54, 'Finnmark', 'region_nord', 'Finnmark - Finnmárku'),
    (2018, 50, 50, 'Trøndelag', 'region_midt', 'Trøndelag - Trööndelage'),
    (2020, 3, 3, 'Oslo', 'region_sorost', 'Oslo'),
    (2020, 11, 11, 'Rogaland', 'region_vest', 'Rogaland'),
    (2020, 15, 15, 'Møre og Romsdal', 'region_midt', 'Møre og Romsdal'),
    (2020, 18, 18, 'Nordland', 'region_nord', 'Nordland - Nordlánnda'),
    (2020, 30, 30, 'Viken', 'region_sorost', 'Viken'),
    (2020, 34, 34, 'Innlandet', 'region_sorost', 'Innlandet'),
    (2020, 38, 38, 'Vestfold og Telemark', 'region_sorost', 'Vestfold og Telemark'),
    (2020, 42, 42, 'Agder', 'region_sorost', 'Agder'),
    (2020, 46, 46, 'Vestland', 'region_vest', 'Vestland'),
    (2020, 50, 50, 'Trøndelag', 'region_midt', 'Trøndelag - Trööndelage'),
    (2020, 54, 54, 'Troms og Finnmark', 'region_nord', 'Troms og Finnmark - Romsa ja Finnmárku - Tromssa ja Finmarkku'),
    (2024, 3, 3, 'Oslo', 'region_sorost', 'Oslo'),
    (2024, 11, 11, 'Rogaland', 'region_vest', 'Rogaland'),
    (2024, 15, 15, 'Møre og Romsdal', 'region_midt', 'Møre og Romsdal'),
    (2024, 18, 18, 'Nordland', 'region_nord', 'Nordland - Nordlánnda'),
    (2024, 31, 31, 'Østfold', 'region_sorost', 'Østfold'),
    (2024, 32, 32, 'Akershus', 'region_sorost', 'Akershus'),
    (2024, 33, 33, 'Buskerud', 'region_sorost', 'Buskerud'),
    (2024, 34, 34, 'Innlandet', 'region_sorost', 'Innlandet'),
    (2024, 39, 39, 'Vestfold', 'region_sorost', 'Vestfold'),
    (2024, 40, 40, 'Telemark', 'region_sorost', 'Telemark'),
    (2024, 42, 42, 'Agder', 'region_sorost', 'Agder'),
    (2024, 46, 46, 'Vestland', 'region_vest', 'Vestland'),
    (2024, 50, 50, 'Trøndelag', 'region_midt', 'Trøndelag - Trööndelage'),
    (2024, 55, 55, 'Troms', 'region_nord', 'Troms - Romsa - Tromssa'),
    (2024, 56, 56, 'Finnmark', 'region_nord', 'Finnmark - Finnmárku - Finmarkku')
) as koder (struktur, fylkesnr, fylkesnr_2020, navn, region, navn_fullt)
order by struktur, fylkesnr
